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


def unavailable(request: bytes) -> bytes:
    """A whole 503 answer: problem+json for the API and its clients, a page for people."""
    head = request.partition(b"\r\n\r\n")[0]
    target = head.split(b" ", 2)[1] if head.count(b" ") else b"/"
    if target.startswith(b"/api/") or b"application/json" in head.lower():
        kind = "application/problem+json"
        body = json.dumps(
            {
                "type": "about:blank",
                "title": "Service Unavailable",
                "status": 503,
                "detail": "No web process is ready. Send the same request again shortly.",
            }
        ).encode()
    else:
        kind, body = "text/html; charset=utf-8", _PAGE.encode()
    return (
        "HTTP/1.1 503 Service Unavailable\r\n"
        f"Content-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Retry-After: 2\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    ).encode() + (b"" if head.startswith(b"HEAD ") else body)
