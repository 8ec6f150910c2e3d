"""What the front door says while no web process is ready."""

from __future__ import annotations

import json

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<title>Back in a moment</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 1.05rem/1.6 system-ui, sans-serif; background: Canvas; color: CanvasText }
main { max-width: 28rem; padding: 2rem }
h1 { font-size: 1.6rem; margin: 0 0 .5rem }
</style>
</head>
<body>
<main>
<h1>Back in a moment</h1>
<p>The shop is starting. This page looks again by itself every two seconds; nothing you have put in
your cart or ordered is lost.</p>
</main>
</body>
</html>
"""


# The page styles itself, and asks for nothing else.
_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def unavailable_body(*, as_json: bool) -> tuple[bytes, bytes, bytes]:
    """Content type, body and content policy: problem+json for programs, a page for people."""
    if not as_json:
        return b"text/html; charset=utf-8", _PAGE.encode(), _POLICY
    problem = {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "No web process is ready. Send the same request again shortly.",
    }
    return b"application/problem+json", json.dumps(problem).encode(), _POLICY
