"""Training data: orders, events, products and users as CSV files for Personalize."""
