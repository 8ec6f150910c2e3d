"""Rotation: a new password in four steps that may be repeated and killed, and nobody is refused."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiobotocore.session import get_session
from pg8000.exceptions import InterfaceError
from rotate import handler
from rotate.postgres import PostgresUser, scram_verifier
from rotate.steps import Rotation, RotationError
from rotate.valkey import ValkeyToken
from rotatekit import STEPS, Context, ElastiCache, Secret
from shared import database
from shared.environment import Reader, SettingsError
from shared.patience import client
from storefront import migrate
from storefront.adapters.postgres import pool
from storefront.adapters.secrets import SecretLogin, Secrets
from tlsfront import TlsFront

from sandbox.part import HOST
from sandbox.valkey import Valkey

GROUP = "data-cache-1234567"


class Rotated:
    """A secret, the service that rotates it, and what its password opens."""

    def __init__(self, secret: Secret, service: Rotation) -> None:
        self.secret, self.service = secret, service
        self.target: Any = service._targets[secret.arn]

    def step(self, step: str, version: str, seconds: float = 10) -> None:
        self.service.run(self.secret.event(step, version), seconds=seconds)

    def opens(self, label: str = "AWSCURRENT") -> bool:
        opened: bool = self.target.opens(self.secret.fields(label))
        return opened


@pytest.fixture
def role(shop: Any) -> Secret:
    """The login of a database user of this test's own."""
    name, password = f"r{uuid4().hex[:12]}", uuid4().hex
    shop.sql(f"create role {name} login password '{password}'")
    return Secret(username=name, password=password)


@pytest.fixture
def variables(role: Secret, database_variables: dict[str, str]) -> dict[str, str]:
    """The function's environment, where the cache has no password."""
    return {
        **database_variables,
        "DATABASE_SECRET_ARN": role.arn,
        "CACHE_HOST": HOST,
        "CACHE_PORT": "6379",
        "CACHE_GROUP": GROUP,
        "METRICS_NAMESPACE": "shop-test",
    }


@pytest.fixture
def user(role: Secret, variables: dict[str, str]) -> Rotated:
    return Rotated(role, handler.wire(variables))


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ElastiCache]:
    """A group that speaks TLS, on a Valkey of its own."""
    valkey = Valkey(tmp_path / "valkey", password=uuid4().hex)
    valkey.start()
    front = TlsFront(tmp_path, valkey.port, asked=False)
    try:
        yield ElastiCache(valkey, front, GROUP)
    finally:
        front.close()
        valkey.stop()


@pytest.fixture
def token(cache: ElastiCache) -> Rotated:
    target = ValkeyToken(cache.client, GROUP, HOST, cache.port, cache.tls, poll=0.01)
    secret = Secret(auth_token=cache.tokens[0])
    return Rotated(secret, Rotation(secret.client, {secret.arn: target}))


@pytest.fixture(params=["user", "token"])
def rotated(request: pytest.FixtureRequest, variables: dict[str, str]) -> Rotated:
    """Each kind of secret; lines are written as in Lambda."""
    handler.wire(variables)
    found: Rotated = request.getfixturevalue(request.param)
    return found


def test_each_step_may_come_twice_and_the_new_password_is_in_force(
    rotated: Rotated, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, field = rotated.secret, rotated.target.field
    used = [secret.fields()]
    for _ in range(3):  # more than the first version would need to lose every label
        version = secret.begin()
        for step in STEPS:
            rotated.step(step, version)
            rotated.step(step, version)
        used.append(secret.fields())
        assert used[-1].keys() == used[0].keys()
        assert len(used[-1][field]) == rotated.target.length
        assert rotated.opens()
        assert "AWSCURRENT" in secret.labels(version)
    assert not rotated.target.opens(used[0])
    assert "initial" in secret.labels(secret.first)
    words = {fields[field] for fields in used}
    assert len(words) == 4
    written = capsys.readouterr().out
    assert (
        written.count('"message": "done"') == 3 * 7
    )  # the last step comes a second time for nothing
    assert not [word for word in words if word in written]


@pytest.mark.parametrize("killed", range(4))
def test_a_rotation_that_was_killed_is_begun_again(rotated: Rotated, killed: int) -> None:
    """Secrets Manager begins at the first step, with the same version."""
    secret = rotated.secret
    version = secret.begin()
    for step in STEPS[:killed]:
        rotated.step(step, version)
    for step in STEPS:
        rotated.step(step, version)
    assert "AWSCURRENT" in secret.labels(version)
    assert rotated.opens()


def test_one_who_dies_after_the_change_and_before_its_answer(user: Rotated) -> None:
    class Killed(BaseException):
        pass

    def change(*given: Any, **named: Any) -> None:
        PostgresUser.change(user.target, *given, **named)
        raise Killed

    version = user.secret.begin()
    user.step("createSecret", version)
    user.target.change = change
    with pytest.raises(Killed):
        user.step("setSecret", version)
    del user.target.change
    for step in STEPS:
        user.step(step, version)
    assert user.opens()


def test_what_is_wrong_is_named_and_no_secret_is(rotated: Rotated) -> None:
    secret = rotated.secret
    version, other = secret.begin(), str(uuid4())

    def said(event: dict[str, str]) -> str:
        with pytest.raises(RotationError) as problem:
            rotated.service.run(event, seconds=1)
        assert secret.fields()[rotated.target.field] not in str(problem.value)
        return str(problem.value)

    assert "'arn:other', which is not rotated here" in said(
        {**secret.event("createSecret", version), "SecretId": "arn:other"}
    )
    assert "Step is 'dropSecret'; accepted: createSecret" in said(
        secret.event("dropSecret", version)
    )
    assert other in said(secret.event("setSecret", other))
    assert "no createSecret" in said(secret.event("setSecret", version))
    assert "no createSecret" in said(secret.event("finishSecret", version))
    rotated.step("createSecret", version)
    assert "is refused" in said(secret.event("testSecret", version))
    assert "is refused" in said(secret.event("finishSecret", version))
    assert "AWSCURRENT" not in secret.labels(version)
    assert "SecretId is ''" in said({})
    secret.client.put_secret_value(SecretId=secret.arn, SecretString='{"hunter2"')
    with pytest.raises(RotationError, match=r"AWSCURRENT of .* is not JSON with") as problem:
        rotated.step("testSecret", version)
    assert "hunter2" not in str(problem.value)


def test_a_password_without_a_user_is_no_failure_of_a_trial(variables: dict[str, str]) -> None:
    """So is a new schedule tried: with a copy of the first password, before there is a user."""
    secret = Secret(username="nobody_yet", password="first")
    rotated = Rotated(secret, handler.wire({**variables, "DATABASE_SECRET_ARN": secret.arn}))
    version = secret.begin()
    rotated.step("testSecret", version)
    rotated.step("createSecret", version)
    with pytest.raises(RotationError, match="refuses the pending, the current and the previous"):
        rotated.step("setSecret", version)


def test_after_a_failure_the_previous_password_is_tried_too(user: Rotated, shop: Any) -> None:
    """Such as a finished rotation, and a database that was restored to before it."""
    before, version = user.secret.fields(), user.secret.begin()
    for step in STEPS:
        user.step(step, version)
    shop.sql(f"alter role {before['username']} password '{before['password']}'")
    assert not user.opens()
    version = user.secret.begin()
    for step in STEPS:
        user.step(step, version)
    assert user.opens()


def test_a_database_that_is_away_fails_the_step(user: Rotated, variables: dict[str, str]) -> None:
    away = Rotated(user.secret, handler.wire({**variables, "DATABASE_PORT": "9"}))
    with pytest.raises(InterfaceError, match="create a connection"):
        away.step("testSecret", user.secret.begin())


def test_a_cache_that_takes_its_time_is_waited_for_next_time(
    token: Rotated, cache: ElastiCache
) -> None:
    version = token.secret.begin()
    token.step("createSecret", version)
    with pytest.raises(RotationError, match=f"{GROUP} is available, and does not know the token"):
        token.step("setSecret", version, seconds=0)
    token.step("setSecret", version)
    assert cache.changes == 1
    assert token.opens("AWSPENDING")
    assert token.opens()  # both, until the next rotation


def test_what_elasticache_says_of_a_token_is_not_repeated(
    token: Rotated, cache: ElastiCache
) -> None:
    version = token.secret.begin()
    token.step("createSecret", version)
    cache.refuses = True
    with pytest.raises(RotationError, match=r"takes no token: InvalidParameterValue$") as problem:
        token.step("setSecret", version)
    assert problem.value.__suppress_context__


def test_the_handler_reads_its_time_and_its_settings(
    user: Rotated, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "service", lambda: user.service)
    version = user.secret.begin()
    for step in STEPS:
        handler.handle(user.secret.event(step, version), Context())
    assert user.opens()
    with pytest.raises(SettingsError, match="CACHE_GROUP is missing"):
        handler.wire({**variables, "CACHE_GROUP": ""})
    both = handler.wire({**variables, "CACHE_SECRET_ARN": "arn:cache"})
    assert set(both._targets) == {user.secret.arn, "arn:cache"}


def test_the_servers_log_has_no_password(user: Rotated, parts: Any) -> None:
    name = user.secret.fields()["username"]

    async def log_everything() -> None:
        superuser = await asyncpg.connect(parts.postgres.dsn("postgres"), ssl=False)
        await superuser.execute(f"alter role {name} set log_statement = 'all'")
        await superuser.close()

    asyncio.run(log_everything())
    version = user.secret.begin()
    user.step("createSecret", version)
    user.step("setSecret", version)
    log = parts.postgres.log.read_text()
    assert "alter role current_user password 'SCRAM-SHA-256$4096:" in log
    assert user.secret.fields("AWSPENDING")["password"] not in log


def test_it_sends_what_a_migration_would() -> None:
    sent = scram_verifier("pencil")
    salt = base64.b64decode(sent.split("$")[1].partition(":")[2])
    assert sent == migrate.scram_verifier("pencil", salt=salt)


class Readers:
    """Connections that open one after the other, in the storefront's way and in the functions'."""

    def __init__(self, variables: dict[str, str], arn: str) -> None:
        env = Reader({**variables, "DATABASE_SECRET_ARN": arn})
        self._place = database.address(env)
        self.opened = {"storefront": 0, "functions": 0}
        self.failed: list[BaseException] = []
        self._more = threading.Condition()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(work,))
            for work in (lambda: asyncio.run(self._storefront()), self._functions)
        ]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def see_more(self) -> None:
        """Wait until each has opened connections that it began after this moment."""
        with self._more:
            before = dict(self.opened)
            assert self._more.wait_for(
                lambda: self.failed or all(self.opened[k] > before[k] + 8 for k in before), 20
            )

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 - the test looks at it
            with self._more:
                self.failed.append(problem)
                self._more.notify_all()

    def _count(self, kind: str) -> None:
        with self._more:
            self.opened[kind] += 1
            self._more.notify_all()

    async def _storefront(self) -> None:
        where = pool.Address(self._place.host, self._place.port, self._place.name)
        async with get_session().create_client("secretsmanager") as client:
            login = SecretLogin(Secrets(client), self._place.secret_arn)

            async def one() -> None:  # several share what is known of the secret
                while not self._over.is_set():
                    connection = await pool.connect(where, login)
                    assert await connection.fetchval("select 1") == 1
                    await connection.close()
                    self._count("storefront")

            await asyncio.gather(*[one() for _ in range(4)])

    def _functions(self) -> None:
        login = database.Login(client("secretsmanager", 2.0), self._place.secret_arn)
        reader = database.Database(self._place, login, seconds=2)
        while not self._over.is_set():
            reader.connect()
            assert reader.rows("select 1") == [[1]]
            reader.close()
            self._count("functions")


def test_nobody_is_refused_while_a_password_changes(
    user: Rotated, variables: dict[str, str]
) -> None:
    with Readers(variables, user.secret.arn) as readers:
        for _ in range(2):
            readers.see_more()
            version = user.secret.begin()
            for step in STEPS:
                user.step(step, version)
                readers.see_more()
    assert readers.failed == []
