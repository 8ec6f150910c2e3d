"""Sentences written by hand, from which descriptions are put together."""
