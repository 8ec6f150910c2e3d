"""Take a batch of events: check, claim, write, and only then say that it is accepted."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from shared import environment, gateway, observe, visitors
from shared.gateway import Answer, RefusalError, Request
from shared.parameters import Parameters
from shared.patience import Breaker, client

from . import records
from .batch import MAX_BODY, parse
from .claims import Claims
from .tracker import Tracker

TRACKING_SECONDS = 0.3
_MEDIA_TYPES = ("application/json", "text/plain")  # sendBeacon sends text


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything a request needs; ``clock`` gives seconds since 1970."""

    edge_key: str
    public_url: str
    visitor_cookie: str
    session_cookie: str
    stream: str
    firehose: Any
    claims: Claims
    sessions: visitors.Sessions
    tracker: Tracker | None
    clock: Callable[[], float]

    def answer(self, request: Request) -> Answer:
        """202 once the batch is durable; raises RefusalError."""
        gateway.through_edge(request, self.edge_key)
        self._same_site(request)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _MEDIA_TYPES:
            accepted = " or ".join(_MEDIA_TYPES)
            raise RefusalError("unsupported-media-type", f"Events are sent as {accepted}.")
        now_ms = int(self.clock() * 1000)
        batch = parse(request.body(MAX_BODY), now_ms)

        token = visitors.token(request.cookies, self.visitor_cookie)
        cookies = []
        if not token:
            token = visitors.new_token()
            cookies = [visitors.visitor_cookie(self.visitor_cookie, token)]
        visitor = visitors.hashed(token)
        with _calling("The shop"):
            customer = self.sessions.customer(visitors.token(request.cookies, self.session_cookie))
            attempt = self.claims.take(batch.id)
        user = customer or visitor
        lines = [
            records.line(
                event,
                user=user,
                visitor=visitor,
                signed_in=customer is not None,
                received_at=now_ms,
            )
            for event in batch.events
        ]
        try:
            records.put(self.firehose, self.stream, lines)
        except RefusalError:
            with suppress(BotoCoreError, ClientError):  # else the lease runs out
                self.claims.give_up(batch.id, attempt)
            raise
        # Durable from here on: nothing that follows may fail the request.
        try:
            self.claims.done(batch.id, attempt)
        except (BotoCoreError, ClientError) as problem:
            observe.log.warning("claim stays open", extra={"problem": type(problem).__name__})
        observe.count({"Accepted": len(batch.events)})
        if self.tracker is not None:
            self.tracker.send(batch.events, user=user, visitor=visitor)
        return gateway.answer(202, {"accepted": len(batch.events)}, cookies=cookies)

    def _same_site(self, request: Request) -> None:
        """Refuse what another site's page makes a browser send."""
        site = request.headers.get("sec-fetch-site")
        origin = request.headers.get("origin")
        foreign = (
            origin is not None and self.public_url and origin.lower() != self.public_url.lower()
        )
        if foreign or site not in (None, "same-origin", "none"):
            raise RefusalError("forbidden", "Requests from other sites are refused.")


@contextmanager
def _calling(what: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as problem:
        raise gateway.unavailable(what) from problem


def wire(
    variables: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.time
) -> Service:
    """The service that the environment describes; raises SettingsError."""
    env = environment.Reader(variables)
    edge_key = env.text("EDGE_KEY")
    stream = env.text("RECORD_STREAM")
    seen_table = env.text("SEEN_TABLE")
    sessions_table = env.text("SESSIONS_TABLE")
    visitor_cookie = env.text("VISITOR_COOKIE")
    session_cookie = env.text("SESSION_COOKIE")
    public_url = env.origin("PUBLIC_URL")
    serving = env.choice("SERVING", environment.SERVING)
    parameter = env.text("TRACKING_PARAMETER")
    set_up = observe.set_up_logging(env)
    env.done()
    set_up()
    # Whatever hangs, the answer comes before Lambda's limit of 10 s, and so before the lease ends.
    dynamodb = client("dynamodb", 0.5, retries=1)
    tracker = None
    if serving != "off":
        tracker = Tracker(
            client("personalize-events", TRACKING_SECONDS),
            Parameters(client("ssm", TRACKING_SECONDS)),
            parameter,
            seconds=TRACKING_SECONDS,
            breaker=Breaker(3, 10.0),
        )
    return Service(
        edge_key=edge_key,
        public_url=public_url,
        visitor_cookie=visitor_cookie,
        session_cookie=session_cookie,
        stream=stream,
        firehose=client("firehose", 1.0),
        claims=Claims(dynamodb, seen_table, clock=clock),
        sessions=visitors.Sessions(dynamodb, sessions_table, clock=clock),
        tracker=tracker,
        clock=clock,
    )


service = functools.cache(wire)

if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda, initialisation has the whole processor; a request has what was bought


def handle(event: Mapping[str, Any], context: object) -> Answer:
    """The Lambda entry point; ``event`` is API Gateway's payload 2.0."""
    del context
    return gateway.serve(event, service().answer)
