"""The declared edge on a laptop: CloudFront's behaviours, firewall, headers and cache.

`read` makes a `plan.Plan` of the graph; the front door gets it as JSON and works by it.
"""
