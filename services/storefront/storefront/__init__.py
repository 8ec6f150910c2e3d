"""The storefront: an online shop as one Python package."""
