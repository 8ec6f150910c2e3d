"""personalize-runtime: GetRecommendations of campaigns and recommenders."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import botocore.session

from . import filters
from .events import Events
from .ranking import Interaction, Ranking, interactions
from .store import ACTIVE, PersonalizeError, Store, Thing
from .wire import check

if TYPE_CHECKING:
    from .schemas import Row
    from .server import Request

MOST, USUAL = 500, 25  # results of one call
# The end of a recipe's name -> what it ranks by and what it asks for.
_NEAR, _USER, _POPULAR = "near", "user", "popular"
_RECIPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "aws-ecomm-customers-who-viewed-x-also-viewed": (_NEAR, ("itemId", "userId")),
    "aws-ecomm-frequently-bought-together": (_NEAR, ("itemId",)),
    "aws-ecomm-popular-items-by-purchases": ("Purchase", ("userId",)),
    "aws-ecomm-popular-items-by-views": ("View", ("userId",)),
    "aws-ecomm-recommended-for-you": (_USER, ("userId",)),
    "aws-popularity-count": (_POPULAR, ("userId",)),
    "aws-similar-items": (_NEAR, ("itemId",)),
    "aws-sims": (_NEAR, ("itemId",)),
    "aws-trending-now": (_POPULAR, ()),
    "aws-user-personalization": (_USER, ("userId",)),
    "aws-user-personalization-v2": (_USER, ("userId",)),
}
# These never recommend what the user has bought.
_WITHOUT_BOUGHT = (
    "aws-ecomm-customers-who-viewed-x-also-viewed",
    "aws-ecomm-recommended-for-you",
)

Rows = Callable[[str, str], "list[Row]"]  # of a dataset group, of a type of dataset


class Runtime:
    """Answers from what was imported; counts again when something else was."""

    def __init__(self, store: Store, rows: Rows, events: Events) -> None:
        self._store, self._rows, self._events = store, rows, events
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[tuple[str, ...], Ranking]] = {}

    def recommend(self, request: Request) -> dict[str, Any]:
        """GetRecommendations; raises PersonalizeError."""
        told = request.json()
        check(_get_recommendations().input_shape, told)
        arn = str(told.get("recommenderArn") or told.get("campaignArn") or "")
        fault = self._store.fail_if_scripted("GetRecommendations", arn.rpartition("/")[2])
        group, recipe = self._served(told, arn)
        by, needed = _recipe(recipe)
        for name in needed:
            if not told.get(name):
                raise _invalid(f"{recipe} needs {name}")
        wanted = int(told.get("numResults") or USUAL)
        if wanted > MOST:
            raise _invalid(f"numResults is {wanted}, more than {MOST}")
        ranking = self.ranking(group)
        user = str(told.get("userId") or "")
        history = ranking.history(user, self._events.of(group, user))
        keeps = self._filter(told, group, ranking, history)
        scores = _scores(ranking, by, told, history)
        if recipe in _WITHOUT_BOUGHT:
            bought = {one.item for one in history if one.kind == "Purchase"}
            scores = {item: score for item, score in scores.items() if item not in bought}
        total = sum(scores.values()) or 1.0
        chosen = sorted(
            ((item, score) for item, score in scores.items() if keeps(item)),
            key=lambda found: (-found[1], found[0]),
        )[: 0 if fault is not None and fault.empty else wanted]
        return {
            "itemList": [{"itemId": item, "score": score / total} for item, score in chosen],
            "recommendationId": f"RID-{uuid.uuid4()}",
        }

    def _served(self, told: Mapping[str, Any], arn: str) -> tuple[str, str]:
        """Dataset group and recipe of the campaign or recommender that is asked."""
        if bool(told.get("recommenderArn")) is bool(told.get("campaignArn")):
            raise _invalid("either campaignArn or recommenderArn")
        if told.get("recommenderArn"):
            recommender = self._active(self._store.all("recommender"), arn)
            made = recommender.properties
        else:
            campaign = self._active(self._store.all("campaign"), arn)
            made = self._store.get("solution", campaign.properties["_solution"]).properties
        recipe = str(made.get("recipeArn") or "recipe/aws-user-personalization-v2")
        return str(made["datasetGroupArn"]), recipe.rpartition("/")[2]

    @staticmethod
    def _active(things: Any, arn: str) -> Thing:
        for thing in things:
            if thing.arn == arn and thing.status == ACTIVE:
                found: Thing = thing
                return found
        said = f"{arn} is not there, or not ACTIVE"
        raise PersonalizeError("ResourceNotFoundException", said, 404)

    def _filter(
        self,
        told: Mapping[str, Any],
        group: str,
        ranking: Ranking,
        history: Sequence[Interaction],
    ) -> filters.Keeps:
        if not told.get("filterArn"):
            return lambda _item: True
        found = self._active(self._store.all("filter", datasetGroupArn=group), told["filterArn"])
        expression = str(found.properties["filterExpression"])
        return filters.compiled(expression, told.get("filterValues") or {}, ranking.items, history)

    def ranking(self, group_arn: str) -> Ranking:
        """Counted from what was imported last."""
        datasets = {
            dataset.arn for dataset in self._store.all("dataset", datasetGroupArn=group_arn)
        }
        imports = tuple(
            job.arn
            for job in self._store.all("dataset-import-job")
            if job.status == ACTIVE and job.properties["datasetArn"] in datasets
        )
        with self._lock:
            known, ranking = self._counted.get(group_arn, ((), None))
            if ranking is None or known != imports:
                ranking = Ranking(
                    interactions(self._rows(group_arn, "Interactions")),
                    self._rows(group_arn, "Items"),
                )
                self._counted[group_arn] = (imports, ranking)
        return ranking

    def warm(self) -> None:
        """Count before anybody asks, so that the first answer is as quick as others."""
        for group in list(self._store.all("dataset-group")):
            if group.status == ACTIVE:
                self.ranking(group.arn)


def _scores(
    ranking: Ranking, by: str, told: Mapping[str, Any], history: Sequence[Interaction]
) -> dict[str, float]:
    if by == _NEAR:
        return ranking.near(str(told["itemId"]))
    if by == _USER:
        return ranking.for_user(history)
    return ranking.popular("" if by == _POPULAR else by)


def _recipe(name: str) -> tuple[str, tuple[str, ...]]:
    if name not in _RECIPES:
        raise _invalid(f"the stand-in does not recommend by {name}")
    return _RECIPES[name]


@lru_cache(maxsize=1)
def _get_recommendations() -> Any:
    model = botocore.session.Session().get_service_model("personalize-runtime")
    return model.operation_model("GetRecommendations")


def handlers(runtime: Runtime) -> dict[str, Callable[[Request], Mapping[str, Any]]]:
    """The service's path."""
    return {"POST /recommendations": runtime.recommend}


def _invalid(message: str) -> PersonalizeError:
    return PersonalizeError("InvalidInputException", message)
