"""Amazon Personalize, asked within a strict budget; whoever asks has an answer of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from shared.observe import count, log
from shared.parameters import Parameters
from shared.patience import Breaker, within

from .question import Question

_MOST_PROPOSALS = 100
_ABOUT_ONE_PRODUCT = "also-bought"


@dataclass(frozen=True, slots=True)
class Proposal:
    """SKUs, the best first, and the id that clicks on them are reported with."""

    skus: list[str]
    recommendation_id: str | None


class Personalize:
    """GetRecommendations of a recommender or a campaign, one a shelf, named by parameters.

    The parameter is read inside the budget too, so that nothing of this can hold up a shelf.
    """

    def __init__(
        self,
        client: Any,
        parameters: Parameters,
        prefix: str,
        *,
        serving: str,
        seconds: float,
        breaker: Breaker,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._client = client
        self._parameters = parameters
        self._prefix = prefix
        self._arn_name = f"{serving}Arn"  # recommenderArn or campaignArn
        self._seconds = seconds
        self._breaker = breaker
        self._clock = clock

    def propose(self, question: Question, user: str) -> Proposal | None:
        """What Personalize says, None when it says nothing of use; the reason is counted."""
        if not user or (question.shelf == _ABOUT_ONE_PRODUCT and not question.context):
            return None
        if self._breaker.open:
            count({"Fallback": 1}, Reason="breaker")
            return None
        began = self._clock()
        try:
            answer = within(self._seconds, lambda: self._ask(question, user))
            proposal = None if answer is None else _read(answer)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the shelf does without
            self._breaker.failed()
            log.warning("personalize failed", extra={"problem": _named(problem)})
            count({"Fallback": 1}, Reason=_reason(problem))
            return None
        self._breaker.succeeded()
        if proposal is None:  # nothing serves this shelf yet
            return None
        count({"PersonalizeLatency": (self._clock() - began) * 1000}, unit="Milliseconds")
        if not proposal.skus:
            count({"Fallback": 1}, Reason="empty")
            return None
        return proposal

    def _ask(self, question: Question, user: str) -> dict[str, Any] | None:
        arn = self._parameters.get(self._prefix + question.shelf)
        if arn is None:
            return None
        # More than wanted: what is sold out, was bought or is looked at falls out afterwards.
        wanted = min(_MOST_PROPOSALS, 3 * question.limit + len(question.context))
        asked = {self._arn_name: arn, "userId": user, "numResults": wanted}
        if question.shelf == _ABOUT_ONE_PRODUCT:
            asked["itemId"] = question.context[0]
        answer: dict[str, Any] = self._client.get_recommendations(**asked)
        return answer


def _read(answer: dict[str, Any]) -> Proposal:
    # An answer that is no JSON has no list: boto3 does not complain of it.
    skus = [item["itemId"] for item in answer["itemList"] if item.get("itemId")]
    return Proposal(list(dict.fromkeys(skus)), answer.get("recommendationId"))


def _reason(problem: Exception) -> str:
    if isinstance(problem, TimeoutError) or "Timeout" in type(problem).__name__:
        return "timeout"
    if isinstance(problem, ClientError) and "Throttl" in problem.response["Error"]["Code"]:
        return "throttled"
    return "failed"


def _named(problem: Exception) -> str:
    """The problem without its words, which may repeat what was sent."""
    if isinstance(problem, ClientError):
        return str(problem.response["Error"]["Code"])
    return type(problem).__name__
