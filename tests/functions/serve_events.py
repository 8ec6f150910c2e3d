"""The function `events` as a process: a gateway event a line in, an answer a line out."""

from __future__ import annotations

import json
import sys

from events.handler import handle

for line in sys.stdin:
    answer = handle(json.loads(line), None)
    sys.stdout.write(json.dumps({"answer": answer["statusCode"]}) + "\n")
    sys.stdout.flush()
