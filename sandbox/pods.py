"""Runs the program's pods as processes: Deployments under supervision, Jobs to their end."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .aws import Aws
from .guard import Guard
from .kubernetes import HttpProbe, Pod
from .part import HOST
from .process import Child, Command, PartError, tail
from .state import State
from .telemetry.emf import AGENT
from .unit import Probe, Spec


@dataclass(frozen=True, slots=True)
class Site:
    """Where pods live on this laptop."""

    project: Path
    directory: Path  # the state folder
    state: State
    aws: Aws
    url: str  # the front door
    ports: Mapping[int, int]  # declared port of a part -> its port here
    telemetry: str  # host:port where signals go and are shown
    speed: float  # of the clock of metrics and alarms

    @property
    def logs(self) -> Path:
        """Where every part's log is."""
        return self.directory / "logs"

    @property
    def agent(self) -> dict[str, str]:
        """What tells a process where its metrics go, when it writes none into its log."""
        return {AGENT: self.telemetry}

    @property
    def storefront(self) -> Path:
        """Where the image's content is."""
        return self.project / "services" / "storefront"


def environment(pod: Pod, site: Site) -> dict[str, str]:
    """All that a process of this pod sees, except PORT; the declared part is `bound`."""
    ambient = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(site.directory),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": str(site.storefront),
        "PYTHONUNBUFFERED": "1",
        "AWS_ENDPOINT_URL": site.aws.url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if pod.identity:
        ambient |= site.aws.environment
    declared = dict(pod.environment)
    if declared.get("MAIL_TRANSPORT") == "file":
        mails = site.directory / declared.get("MAIL_DIRECTORY", "mails")
        mails.mkdir(mode=0o700, parents=True, exist_ok=True)
        declared["MAIL_DIRECTORY"] = str(mails)
    if site.speed != 1:
        ambient["TELEMETRY_SPEED"] = f"{site.speed:g}"
    return {**ambient, **bound(declared, site)}


def bound(declared: Mapping[str, str], site: Site) -> dict[str, str]:
    """Declared variables, some bound to places that only the laptop knows.

    So a cluster binds a volume and a load balancer a name: the folder for mail, the shop's own
    address, and the ports of parts (``X_PORT`` beside an ``X_HOST`` on loopback, ``X_ENDPOINT``):
    5432 may be somebody else's here. A port that no resource declares is left as it is, and fails
    here as it would in the cloud.
    """
    found = dict(declared)
    if found.get("PUBLIC_URL", "").startswith(("http://127.0.0.1", "http://localhost")):
        found["PUBLIC_URL"] = site.url
    for key, value in declared.items():
        host = found.get(f"{key.removesuffix('_PORT')}_HOST")
        if key.endswith("_PORT") and host == HOST and value.isdecimal():
            found[key] = str(site.ports.get(int(value), value))
        if key.endswith("_ENDPOINT") and value.startswith(f"http://{HOST}:"):
            port = value.rpartition(":")[2]
            found[key] = f"http://{HOST}:{site.ports.get(int(port), port)}"
    return found


def command(pod: Pod, site: Site, name: str, port: int) -> Command:
    """The declared command line of one replica; it listens on ``port``."""
    return Command(
        name=name,
        argv=pod.argv,
        env={**environment(pod, site), "PORT": str(port), "HOSTNAME": name},
        cwd=site.storefront,
        log=site.logs / f"{name}.log",
        grace=max(pod.grace - pod.pre_stop, 1),
    )


def name_of(pod: Pod, number: int) -> str:
    """What the n-th pod is called, here and in its HOSTNAME."""
    return pod.name if pod.replicas == 1 and number == 1 else f"{pod.name}-{number}"


def spec(pod: Pod, site: Site, number: int, kind: str) -> Spec:
    """One replica of a Deployment, with its declared probes."""
    name = name_of(pod, number)
    port = site.state.port(name)
    declared = pod.startup or pod.readiness
    startup = _probe(declared, port) if declared else Probe(check=_always, failures=1)
    return Spec(
        name=name,
        kind=kind,
        address=f"{HOST}:{port}" if pod.listens else "",
        command=lambda: command(pod, site, name, port),
        startup=startup,
        readiness=_probe(pod.readiness, port) if pod.readiness else None,
        liveness=_probe(pod.liveness, port) if pod.liveness else None,
        give_up_after=5,
    )


def _probe(declared: HttpProbe, port: int) -> Probe:
    async def check() -> bool:
        async with asyncio.timeout(declared.timeout):
            return await get_status(port, declared.path) in range(200, 400)

    return Probe(
        check=check,
        period=declared.period,
        failures=declared.failures,
        successes=declared.successes,
        delay=declared.delay,
    )


async def _always() -> bool:
    return True


async def get_status(port: int, path: str) -> int:
    """The status of a GET; raises OSError, TimeoutError (an OSError) or ValueError."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n"
            "User-Agent: kube-probe/sandbox\r\nConnection: close\r\n\r\n".encode()
        )
        line = await reader.readline()
        return int(line.split(b" ", 2)[1]) if line.count(b" ") else 0
    finally:
        writer.close()


async def run_to_end(wanted: Command, guard: Guard, deadline: float) -> int:
    """Run a process once; returns its status, 124 when it took longer than ``deadline`` s."""
    child = Child(wanted)
    guard.watch(child)
    try:
        return await asyncio.wait_for(child.wait(), deadline)
    except TimeoutError:
        return 124
    finally:
        await child.stop()
        guard.forget(child)


async def run_job(pod: Pod, site: Site, guard: Guard) -> None:
    """A Job, tried as often as it declares; raises PartError with the end of its log."""
    begun = time.monotonic()
    deadline = begun + (pod.deadline or 600)
    wanted = command(pod, site, pod.name, site.state.port(pod.name))
    delay = 0.5
    for attempt in range(pod.retries + 1):
        status = await run_to_end(wanted, guard, max(0.1, deadline - time.monotonic()))
        if status == 0:
            return
        if attempt == pod.retries or time.monotonic() + delay > deadline:
            break
        await asyncio.sleep(delay)
        delay = min(delay * 2, 10)
    raise PartError(
        f"job {pod.name} failed {attempt + 1} times (status {status}):\n{tail(wanted.log)}"
    )
