"""GET /api/v1/recommendations: a shelf of products for one visitor."""
