"""Answer a shelf: what Personalize proposes if quick and of use, else what PostgreSQL ranks."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from shared import database, environment, gateway, observe, visitors
from shared.gateway import Answer, Request
from shared.parameters import Parameters
from shared.patience import Breaker, client

from . import question as questions
from .personalize import Personalize
from .question import Question
from .shelves import Person, Shelves

STATEMENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything a request needs; ``personalize`` is None where nothing is served by it."""

    edge_key: str
    visitor_cookie: str
    session_cookie: str
    sessions: visitors.Sessions
    shelves: Shelves
    personalize: Personalize | None

    def answer(self, request: Request) -> Answer:
        """200 with items; raises RefusalError 403, 422, and 503 while the database is down."""
        gateway.through_edge(request, self.edge_key)
        question = questions.parse(request.query)
        try:
            return gateway.answer(200, self._shelf(question, self._person(request)))
        except database.DatabaseUnavailableError as problem:
            raise gateway.unavailable("The catalogue") from problem

    def _person(self, request: Request) -> Person:
        customer = None
        try:
            customer = self.sessions.customer(visitors.token(request.cookies, self.session_cookie))
        except (BotoCoreError, ClientError) as problem:
            # A shelf for the visitor is better than none.
            observe.log.warning("session not read", extra={"problem": type(problem).__name__})
            observe.count({"SessionNotRead": 1})
        visitor = visitors.hashed(visitors.token(request.cookies, self.visitor_cookie))
        return Person(visitor, customer)

    def _shelf(self, question: Question, person: Person) -> dict[str, Any]:
        recommendation_id = None
        if question.shelf == "recently-viewed":
            items, source = self.shelves.viewed(question), "recent"
        elif (proposed := self._proposed(question, person)) is not None:
            (items, recommendation_id), source = proposed, "personalize"
        else:
            items, source = self.shelves.ranked(question, person)
        observe.count({"Shelf": 1}, Source=source)
        return {
            "items": items,
            "source": source,
            "recommendation_id": recommendation_id,
            "shelf": question.shelf,
        }

    def _proposed(
        self, question: Question, person: Person
    ) -> tuple[list[dict[str, Any]], str | None] | None:
        """Personalize's items, None when fewer than half a shelf of them may be shown.

        What is missing of the other half is filled up: a browser shows whole shelves only.
        """
        if self.personalize is None:
            return None
        proposal = self.personalize.propose(question, person.user)
        if proposal is None:
            return None
        items = self.shelves.usable(proposal.skus, question, person)
        if 2 * len(items) < question.limit:
            observe.count({"Fallback": 1}, Reason="few")
            return None
        if missing := question.limit - len(items):
            shown = [item["sku"] for item in items]
            items += self.shelves.ranked(question, person, wanted=missing, shown=shown)[0]
        return items, proposal.recommendation_id


def wire(variables: Mapping[str, str] = os.environ) -> Service:
    """The service that the environment describes; raises SettingsError."""
    env = environment.Reader(variables)
    address = database.address(env)
    edge_key = env.text("EDGE_KEY")
    sessions_table = env.text("SESSIONS_TABLE")
    visitor_cookie = env.text("VISITOR_COOKIE")
    session_cookie = env.text("SESSION_COOKIE")
    serving = env.choice("SERVING", environment.SERVING)
    prefix = env.text("PARAMETER_PREFIX")
    milliseconds = env.number("PERSONALIZE_MILLISECONDS", 10, 5000, 300)
    set_up = observe.set_up_logging(env)
    env.done()
    set_up()
    seconds = milliseconds / 1000
    personalize = None
    if serving != "off":
        personalize = Personalize(
            client("personalize-runtime", seconds),
            Parameters(client("ssm", seconds)),
            prefix,
            serving=serving,
            seconds=seconds,
            breaker=Breaker(3, 10.0),
        )
    # Whatever hangs, the answer comes before Lambda's limit of 5 s.
    login = database.Login(client("secretsmanager", 0.5), address.secret_arn)
    return Service(
        edge_key=edge_key,
        visitor_cookie=visitor_cookie,
        session_cookie=session_cookie,
        sessions=visitors.Sessions(client("dynamodb", 0.5), sessions_table),
        shelves=Shelves(database.Database(address, login, seconds=STATEMENT_SECONDS)),
        personalize=personalize,
    )


service = functools.cache(wire)

if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    service()  # in Lambda, initialisation has the whole processor; a request has what was bought


def handle(event: Mapping[str, Any], context: object) -> Answer:
    """The Lambda entry point; ``event`` is API Gateway's payload 2.0."""
    del context
    return gateway.serve(event, service().answer)
