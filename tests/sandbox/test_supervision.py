"""Start, stop, crash and recovery, with a small program of the tests' own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

from boxkit import PROGRAM, ROOT, Box, eventually

from sandbox.part import free_port
from sandbox.state import started_at


def test_the_program_is_realised(running: Box) -> None:
    resources = running.status()["resources"]
    state = {(r["type"].rpartition(":")[2], r["name"]): r["state"] for r in resources}
    assert state["Instance", "database"] == "served"
    assert state["ReplicationGroup", "cache"] == "served"
    assert state["Table", "counts"] == "served"
    assert state["Deployment", "web"] == "served"
    assert state["Service", "web"] == "served"
    assert state["ConfigMap", "config"] == "served"
    assert state["Vpc", "recorded-only"] == "recorded"
    assert state["Deployment", "sidecar"] == "refused"
    refused = next(r for r in resources if r["state"] == "refused")
    assert "Python commands only" in refused["detail"]
    parts = {part["name"] for part in running.status()["parts"]}
    assert not {"functions", "personalize"} & parts  # nothing declares them


def test_a_pod_sees_what_is_declared_and_nothing_of_the_caller(running: Box) -> None:
    env = running.get("/env")
    assert env["GREETING"] == "hello from mails"
    assert env["DATABASE_PORT"] == running.part("postgres")["address"].rpartition(":")[2]
    assert env["CACHE_PORT"] == running.part("valkey")["address"].rpartition(":")[2]
    assert env["PUBLIC_URL"] == running.url
    assert env["MAIL_DIRECTORY"] == str(running.state / "mails")
    assert env["AWS_ENDPOINT_URL"].endswith(running.part("aws")["address"])
    assert "SANDBOX_DETACHED" not in env
    assert "VIRTUAL_ENV" not in env


def test_credentials_come_with_pod_identity_only(running: Box) -> None:
    with urllib.request.urlopen(f"http://{running.part('worker')['address']}/env") as answer:
        assert b"AWS_ACCESS_KEY_ID" not in answer.read()
    assert "AWS_ACCESS_KEY_ID" in running.get("/env")


def test_files_are_private(running: Box) -> None:
    assert running.state.stat().st_mode & 0o777 == 0o700
    for name in ("state.json", "run.json"):
        assert (running.state / name).stat().st_mode & 0o777 == 0o600


def test_up_when_up_says_so(running: Box) -> None:
    again = running.up()
    assert f"up already: {running.url}" in again.stdout


def test_run_gives_the_environment_to_a_command(running: Box) -> None:
    code = "import os, storefront; print(os.environ['COUNTS'], storefront.__file__, os.getcwd())"
    done = running.call("run", "--", "python", "-c", code)
    assert running.get("/env")["COUNTS"] in done.stdout
    assert str(PROGRAM) in done.stdout
    assert str(ROOT) in done.stdout
    assert running.call("run", "--", "python", "-c", "exit(7)", check=False).returncode == 7


def test_logs(running: Box) -> None:
    assert "migrate" in running.call("logs").stdout
    assert "migrating as owner" in running.call("logs", "migrate").stdout
    unknown = running.call("logs", "nothing", check=False)
    assert unknown.returncode == 1
    assert "there are:" in unknown.stderr


def test_whatever_is_killed_comes_back(running: Box) -> None:
    before = running.get("/count")["count"]
    for name in ("web-1", "worker", "aws", "valkey", "postgres", "frontdoor"):
        running.kill(name)
    assert running.get("/count")["count"] == before + 1
    log = running.log()
    assert "aws died (signal 9)" in log
    assert "postgres died (signal 9)" in log


def test_an_unready_pod_is_out_of_service_until_it_is_ready(running: Box) -> None:
    flag = running.state / "unready-web-1"
    flag.touch()
    eventually(lambda: running.part("web-1")["state"] == "unready")
    assert {running.get("/")["name"] for _ in range(6)} == {"web-2"}
    flag.unlink()
    eventually(lambda: running.part("web-1")["state"] == "ready")
    assert {running.get("/")["name"] for _ in range(6)} == {"web-1", "web-2"}


def test_a_pod_that_fails_its_liveness_probe_is_restarted(running: Box) -> None:
    before = running.part("web-2")["restarts"]
    (running.state / "sick-web-2").touch()
    eventually(lambda: running.part("web-2")["restarts"] > before)
    eventually(lambda: running.part("web-2")["state"] == "ready")
    assert "web-2 failed its liveness probe" in running.log()


def test_a_restart_that_fails_leaves_the_old_pods_in_service(running: Box) -> None:
    flag = running.state / "crash-web-3"
    flag.touch()
    failed = running.call("restart", "web", check=False)
    flag.unlink()
    assert failed.returncode == 1
    assert "web-3 ended with status 1" in failed.stderr
    assert {running.get("/")["name"] for _ in range(6)} == {"web-1", "web-2"}
    assert {part["name"] for part in running.status()["parts"] if part["kind"] == "web"} == {
        "web-1",
        "web-2",
    }


def test_without_a_ready_pod_the_door_answers_503(running: Box) -> None:
    flags = [running.state / f"unready-web-{number}" for number in (1, 2)]
    for flag in flags:
        flag.touch()

    def refused() -> urllib.error.HTTPError | None:
        try:
            running.get("/")
        except urllib.error.HTTPError as problem:
            return problem
        return None

    problem = eventually(refused)
    assert problem.code == 503
    assert problem.headers["Retry-After"]
    assert b"Back in a moment" in problem.read()
    problem.close()
    for flag in flags:
        flag.unlink()

    def answers() -> bool:
        with contextlib.suppress(urllib.error.HTTPError):
            return bool(running.get("/"))
        return False

    eventually(answers)


def test_data_survives_down_and_up_and_reset_wipes_it(box: Box) -> None:
    box.up()
    assert box.get("/count")["count"] == 1
    arns = box.get("/env")
    port = int(box.part("valkey")["address"].rpartition(":")[2])
    box.call("down")
    assert box.survivors() == []
    assert not box.run_file()
    with socket.socket() as taken:  # another port is chosen for a part whose own is taken
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of before linger
        taken.bind(("127.0.0.1", port))
        taken.listen()
        box.up()
        assert not box.part("valkey")["address"].endswith(f":{port}")
    assert box.get("/count")["count"] == 2
    assert box.get("/env")["CACHE_SECRET"] == arns["CACHE_SECRET"]
    box.call("reset")
    assert box.survivors() == []
    assert not (box.state / "postgres").exists()
    box.up()
    assert box.get("/count")["count"] == 1


def test_nothing_survives_the_supervisor(box: Box) -> None:
    box.up()
    box.note()
    assert len(box.survivors()) > 7
    os.kill(box.supervisor(), signal.SIGKILL)
    eventually(lambda: not box.survivors())
    down = box.call("down")
    assert "not up" in down.stdout
    box.up()
    assert box.get("/count")["count"] == 1

    told = box.run_file()
    guard = told["processes"][0][0]
    # Both at once: only what the kernel does by itself is left, and the next `up` sees to the rest.
    os.kill(guard, signal.SIGKILL)
    os.kill(box.supervisor(), signal.SIGKILL)
    box.up()
    earlier = [(pid, start) for pid, start, _ in told["processes"]]
    assert [pid for pid, start in earlier if started_at(pid) == start] == []


def test_ctrl_c_stops_everything(box: Box) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--state", str(box.state), "up",
         "--port", str(box.port), "--project", str(PROGRAM)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    eventually(lambda: box.run_file().get("ready"), 60)
    box.note()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "shop ready" in out
    assert "stopped" in out
    assert box.survivors() == []


def test_ctrl_c_while_starting(box: Box) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--state", str(box.state), "up",
         "--port", str(box.port), "--project", str(PROGRAM)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    eventually(lambda: len(box.run_file().get("processes", [])) > 2, 60)
    box.note()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    box.note()
    assert box.survivors() == []


def test_a_taken_port_is_named_with_its_owner(box: Box) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # it is kept for the box
        taken.bind(("127.0.0.1", box.port))
        taken.listen()
        done = box.up(check=False)
    assert done.returncode == 1
    assert f"port {box.port} is taken" in done.stdout
    assert f"(pid {os.getpid()})" in done.stdout
    assert f"PORT={box.port + 1}" in done.stdout
    assert box.survivors() == []


def test_a_pod_that_never_starts_fails_up_with_its_log(box: Box) -> None:
    box.state.mkdir()
    (box.state / "crash-web-1").touch()
    done = box.up(check=False)
    assert done.returncode == 1
    assert "web-1 ended with status 1" in done.stdout
    assert "crashed on purpose" in done.stdout
    box.note()
    assert box.survivors() == []


def test_bad_arguments_are_refused(box: Box) -> None:
    for port in ("http", "0", "70000"):
        done = box.call("up", check=False, PORT=port)
        assert done.returncode != 0
        assert "PORT is" in done.stderr
    assert "say what to run" in box.call("run", "--", check=False).stderr
    assert "not up" in box.call("run", "--", "true", check=False).stderr
    assert free_port() > 0
