"""The tiers of the estate, one file or folder each, and what they share."""
