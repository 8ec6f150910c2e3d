"""Changes passwords of the shop, as Secrets Manager asks."""
