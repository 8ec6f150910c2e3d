"""HTTP: pages, the JSON API and health."""
