"""What an instance is told when it boots: services/storefront/fleet/instance, put in place.

Which image it runs is not among it: that is the release's (release.py).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

INSTANCE = Path(__file__).resolve().parents[2] / "services/storefront/fleet/instance"
SCRIPTS = ("agent", "boot", "lifecycle")
UNIT = "storefront-lifecycle.service"
PLACE = "/usr/local/lib/storefront"
COLLECTOR = "http://127.0.0.1:4318"  # as in cloudwatch.json
_AGENT = "/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
_AGENT_FILE = "/etc/storefront/cloudwatch.json"


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
            "ruby",  # CodeDeploy's agent is in Ruby
            *(["amazon-cloudwatch-agent"] if agent else []),
        ],
        "write_files": [
            *(_file(f"{PLACE}/{name}", _read(name), "0755") for name in SCRIPTS),
            _file(f"/etc/systemd/system/{UNIT}", _read(UNIT), "0644"),
            _file("/etc/storefront/fleet.conf", conf, "0644"),
            *([_file(_AGENT_FILE, _read("cloudwatch.json"), "0644")] if agent else []),
        ],
        "runcmd": [
            *([start] if agent else []),
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "--now", "docker.service", UNIT],
            # Each runs whatever became of the one before: with an agent, an instance whose release
            # is bad can still be given a good one.
            [f"{PLACE}/boot"],
            [f"{PLACE}/agent"],
        ],
    }
    # JSON is YAML, and needs no quoting rules of its own.
    text = f"#cloud-config\n{json.dumps(config, indent=1)}\n"
    return base64.b64encode(text.encode()).decode()


def _read(name: str) -> str:
    return (INSTANCE / name).read_text("utf-8")


def _file(path: str, content: str, permissions: str) -> dict[str, str]:
    return {"path": path, "content": content, "permissions": permissions, "owner": "root:root"}
