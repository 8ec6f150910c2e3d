"""Stands in for the storefront in the sandbox's own tests."""
