"""The ports on real systems."""
