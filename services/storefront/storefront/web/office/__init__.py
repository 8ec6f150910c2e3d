"""The back office under /admin: for staff, and for nobody else is there anything."""

from .gate import BackOffice

__all__ = ["BackOffice"]
