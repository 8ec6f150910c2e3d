"""The shop on a laptop: realises the program's graph on embedded parts.

`python -m sandbox up | down | status | run | invoke | execute | reset | logs`; see `sandbox.cli`.
"""
