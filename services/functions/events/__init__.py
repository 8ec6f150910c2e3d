"""POST /api/v1/events: what visitors look at, take and click, kept for the recommender."""
