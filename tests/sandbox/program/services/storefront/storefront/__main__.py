"""Touches every part, and misbehaves when told to."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def flag(name: str) -> Path:
    return Path(os.environ["HOME"]) / f"{name}-{os.environ['HOSTNAME']}"


def migrate() -> None:
    import boto3  # slow, and most processes of this program never call AWS

    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["MASTER"])
    sys.stdout.write(f"migrating as {json.loads(secret['SecretString'])['username']}\n")
    with (Path(os.environ["HOME"]) / "migrations").open("a") as out:
        out.write("once\n")


def count() -> Any:
    import boto3

    return boto3.client("dynamodb").update_item(
        TableName=os.environ["COUNTS"],
        Key={"id": {"S": "visits"}},
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="ALL_NEW",
    )["Attributes"]["n"]["N"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, answer = 200, {"pid": os.getpid(), "name": os.environ["HOSTNAME"]}
        if self.path == "/env":
            answer = dict(os.environ)
        elif self.path == "/count":
            answer = {"count": int(count())}
        elif self.path == "/readyz" and flag("unready").exists():
            status = 503
        elif self.path == "/healthz" and flag("sick").exists():
            flag("sick").unlink()  # the next incarnation is well
            flag("was-sick").touch()
            self.server.sick = True
        if getattr(self.server, "sick", False):
            status = 500
        elif self.path.startswith("/api/v1/products"):
            answer = {"total": 0, "items": []}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    if sys.argv[1] == "migrate":
        migrate()
    else:
        if flag("crash").exists():
            sys.exit("crashed on purpose")
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
