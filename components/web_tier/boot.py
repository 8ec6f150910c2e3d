"""What an instance is told when it boots: the files of services/storefront/fleet, put in place."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from components.registry import repository_arn

FLEET = Path(__file__).resolve().parents[2] / "services/storefront/fleet"
SCRIPTS = ("prepare", "serve", "lifecycle")
COLLECTOR = "http://127.0.0.1:4318"  # as in agent.json
_AGENT = "/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
_AGENT_FILE = "/etc/storefront/agent.json"
UNITS = ("storefront.service", "storefront-lifecycle.service")


def user_data(told: Mapping[str, str], *, agent: bool) -> str:
    """Base64 of a cloud-config; ``told`` is what the scripts read from fleet.conf.

    With ``agent`` CloudWatch's takes traces, and tells how much memory is used.
    """
    start = [_AGENT, "-a", "fetch-config", "-m", "ec2", "-s", "-c", f"file:{_AGENT_FILE}"]
    conf = "".join(f"{name}={value}\n" for name, value in sorted(told.items()))
    config = {
        "packages": [
            "docker",
            "amazon-ecr-credential-helper",
            *(["amazon-cloudwatch-agent"] if agent else []),
        ],
        "write_files": [
            *(_file(f"/usr/local/lib/storefront/{name}", _read(name), "0755") for name in SCRIPTS),
            *(_file(f"/etc/systemd/system/{name}", _read(name), "0644") for name in UNITS),
            _file("/etc/storefront/fleet.conf", conf, "0644"),
            _file("/root/.docker/config.json", _registry_login(told["IMAGE"]), "0600"),
            *([_file(_AGENT_FILE, _read("agent.json"), "0644")] if agent else []),
        ],
        "runcmd": [
            *([start] if agent else []),
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "--now", "docker.service", *UNITS],
        ],
    }
    # JSON is YAML, and needs no quoting rules of its own.
    text = f"#cloud-config\n{json.dumps(config, indent=1)}\n"
    return base64.b64encode(text.encode()).decode()


def _read(name: str) -> str:
    return (FLEET / name).read_text("utf-8")


def _file(path: str, content: str, permissions: str) -> dict[str, str]:
    return {"path": path, "content": content, "permissions": permissions, "owner": "root:root"}


def _registry_login(image: str) -> str:
    helpers = {image.partition("/")[0]: "ecr-login"} if repository_arn(image) else {}
    return json.dumps({"credHelpers": helpers})
