"""The infrastructure as one graph, evaluated from the program without a cloud, account or CLI."""

from .evaluate import EvaluationError, evaluate
from .model import Graph, Options, Resource

__all__ = ["EvaluationError", "Graph", "Options", "Resource", "evaluate"]
