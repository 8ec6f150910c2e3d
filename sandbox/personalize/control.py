"""The control plane: every call that the shop's program and state machines make of Personalize.

Parameters are checked against botocore's own model of the service. Which thing must be there and
ACTIVE before another, and what is in whose way, is as the Developer Guide has it.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from . import schemas
from .store import (
    ACTIVE,
    DELETING,
    FAILED,
    INACTIVE,
    STARTING,
    STOPPING,
    Kind,
    PersonalizeError,
    Store,
    Thing,
)
from .wire import NAMES, Answer, Parameters, check, described, service, split

if TYPE_CHECKING:
    from .server import Request

_DATASETS = ("Interactions", "Items", "Users")
_MOST_RECOMMENDERS = 15
# What must be gone before a thing can be deleted: kind -> (kind that is in the way, its property)
_IN_THE_WAY: Mapping[Kind, tuple[tuple[Kind, str], ...]] = {
    "dataset-group": (
        ("dataset", "datasetGroupArn"),
        ("event-tracker", "datasetGroupArn"),
        ("filter", "datasetGroupArn"),
        ("recommender", "datasetGroupArn"),
        ("solution", "datasetGroupArn"),
    ),
    "schema": (("dataset", "schemaArn"),),
    "solution": (("campaign", "_solution"),),
}


class Control:
    """Answers the operations over one store; ``s3`` is made when the first import needs it."""

    def __init__(self, store: Store, s3: Callable[[], Any]) -> None:
        self._store, self._s3 = store, s3

    def __call__(self, request: Request) -> Answer:
        """One request of the protocol; raises PersonalizeError."""
        target, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
        if target != "AmazonPersonalize" or operation not in service().operation_names:
            raise PersonalizeError("UnknownOperationException", f"no operation {operation!r}")
        return self.answer(operation, request.json())

    def answer(self, operation: str, told: Parameters) -> Answer:
        """One operation; raises PersonalizeError."""
        check(service().operation_model(operation).input_shape, told)
        name = str(told.get("name") or told.get("jobName") or "")
        verb, kind = split(operation)
        arn = str(told.get(f"{NAMES[kind][0]}Arn", ""))
        with self._store.lock:
            self._store.refuse_if_scripted(operation, name or arn.rpartition("/")[2])
            match verb:
                case "Create":
                    made = getattr(self, f"_create_{kind.replace('-', '_')}")(dict(told))
                    return self._created(made)
                case "Describe":
                    seen = self._store.look(kind, arn, self._finish)
                    return {NAMES[kind][0]: described(seen)}
                case "List":
                    return self._list(kind, told)
                case "Delete":
                    return self._delete(self._store.get(kind, arn))
                case "Update":
                    return self._update(self._store.active(kind, arn), told)
                case _:
                    states, wanted = (STOPPING, ACTIVE) if verb == "Stop" else (STARTING, INACTIVE)
                    return self._switch(self._store.get(kind, arn), states, wanted)

    def _created(self, thing: Thing) -> Answer:
        answer = {f"{NAMES[thing.kind][0]}Arn": thing.arn}
        for also in ("domain", "trackingId"):
            if also in thing.properties and thing.kind in ("dataset-group", "event-tracker"):
                answer[also] = thing.properties[also]
        return answer

    def _create_schema(self, told: Answer) -> Thing:
        record = schemas.check(told["schema"], told.get("domain"))
        return self._store.create("schema", told["name"], {**told, "_record": record})

    def _create_dataset_group(self, told: Answer) -> Thing:
        return self._store.create("dataset-group", told["name"], told)

    def _create_dataset(self, told: Answer) -> Thing:
        group = self._store.active("dataset-group", told["datasetGroupArn"])
        schema = self._store.get("schema", told["schemaArn"])
        kinds = {kind.lower(): kind for kind in _DATASETS}
        kind = kinds.get(told["datasetType"].lower())
        if kind is None or kind != schema.properties["_record"]:
            raise _invalid(f"{told['datasetType']} is not what {schema.name} describes")
        if schema.properties.get("domain") != group.properties.get("domain"):
            raise _invalid(f"{schema.name} and {group.name} have different domains")
        told["datasetType"] = kind.upper()
        if any(self._store.all("dataset", datasetGroupArn=group.arn, datasetType=kind.upper())):
            raise PersonalizeError("ResourceAlreadyExistsException", f"{group.name} has {kind}")
        return self._store.create("dataset", told["name"], told, f"{group.name}/{kind.upper()}")

    def _create_dataset_import_job(self, told: Answer) -> Thing:
        dataset = self._store.active("dataset", told["datasetArn"])
        self._store.refuse_if_there("dataset-import-job", told["jobName"])
        for job in self._store.all("dataset-import-job", datasetArn=dataset.arn):
            if job.status not in (ACTIVE, FAILED):
                raise PersonalizeError("ResourceInUseException", f"{job.arn} is {job.status}")
        if not told.get("roleArn"):
            raise _invalid("roleArn is needed to read the file")
        return self._store.create("dataset-import-job", told["jobName"], told)

    def _create_event_tracker(self, told: Answer) -> Thing:
        group = self._store.active("dataset-group", told["datasetGroupArn"])
        if any(self._store.all("event-tracker", datasetGroupArn=group.arn)):
            raise PersonalizeError("LimitExceededException", f"{group.name} has an event tracker")
        digest = hashlib.sha256(f"{group.arn} {told['name']}".encode()).hexdigest()
        tracking = str(uuid.UUID(digest[:32]))
        return self._store.create("event-tracker", told["name"], {**told, "trackingId": tracking})

    def _create_filter(self, told: Answer) -> Thing:
        self._store.active("dataset-group", told["datasetGroupArn"])
        if not re.match(r"(?i)(include|exclude)\s+itemid\s+where\s+", told["filterExpression"]):
            raise _invalid(f"no filter: {told['filterExpression']}")
        return self._store.create("filter", told["name"], told)

    def _create_recommender(self, told: Answer) -> Thing:
        group = self._store.active("dataset-group", told["datasetGroupArn"])
        if "recipe/aws-ecomm-" not in told["recipeArn"] or not group.properties.get("domain"):
            raise _invalid(f"{told['recipeArn']} is no use case of {group.name}'s domain")
        if len([*self._store.all("recommender")]) >= _MOST_RECOMMENDERS:
            raise PersonalizeError("LimitExceededException", "15 recommenders are there")
        told["recommenderConfig"] = {
            "minRecommendationRequestsPerSecond": 1,
            **told.get("recommenderConfig", {}),
        }
        return self._store.create("recommender", told["name"], told)

    def _create_solution(self, told: Answer) -> Thing:
        self._store.active("dataset-group", told["datasetGroupArn"])
        if "recipe/aws-ecomm-" in told.get("recipeArn", ""):
            raise _invalid(f"{told['recipeArn']} is for recommenders")
        told.setdefault("performAutoTraining", True)
        return self._store.create("solution", told["name"], told)

    def _create_solution_version(self, told: Answer) -> Thing:
        solution = self._store.active("solution", told["solutionArn"])
        number = len([*self._store.all("solution-version", solutionArn=solution.arn)])
        group = solution.properties["datasetGroupArn"]
        properties = {**told, "datasetGroupArn": group, "_number": number}
        return self._store.create(
            "solution-version", solution.name, properties, f"{solution.name}/{number:08x}"
        )

    def _create_campaign(self, told: Answer) -> Thing:
        version = self._store.active("solution-version", told["solutionVersionArn"])
        told = {"minProvisionedTPS": 1, **told, "_solution": version.properties["solutionArn"]}
        return self._store.create("campaign", told["name"], told)

    def _finish(self, thing: Thing) -> str:
        """What must hold for a thing to become ACTIVE; why it does not, or ""."""
        if thing.kind == "dataset-import-job":
            try:
                self._read(thing)
            except (ValueError, ClientError, BotoCoreError) as problem:
                return str(problem)
        elif thing.kind in ("recommender", "solution-version"):
            found = self.rows(thing.properties["datasetGroupArn"], "Interactions")
            recipe = str(thing.properties.get("recipeArn", "")).rpartition("/")[2]
            return schemas.too_little(found, schemas.LEARNS_FROM.get(recipe))
        return ""

    def _read(self, job: Thing) -> list[schemas.Row]:
        location = job.properties["dataSource"]["dataLocation"]
        found = re.fullmatch(r"s3://([^/]+)/(.+)", location)
        if found is None:
            raise ValueError(f"no place in S3: {location}")
        dataset = self._store.get("dataset", job.properties["datasetArn"])
        schema = self._store.get("schema", dataset.properties["schemaArn"])
        body = self._s3().get_object(Bucket=found[1], Key=found[2])["Body"].read()
        return schemas.read(schema.properties["schema"], body.decode())

    def rows(self, group_arn: str, dataset_type: str) -> list[schemas.Row]:
        """What was imported last into a dataset ("Interactions", ...); empty before that."""
        of_type = {"datasetGroupArn": group_arn, "datasetType": dataset_type.upper()}
        for dataset in self._store.all("dataset", **of_type):
            jobs = self._store.all("dataset-import-job", datasetArn=dataset.arn)
            done = [job for job in jobs if job.status == ACTIVE]
            return self._read(done[-1]) if done else []
        return []

    def _list(self, kind: Kind, told: Parameters) -> Answer:
        member = NAMES[kind][0] + "s"
        wanted = {
            ("_solution" if kind == "campaign" and key == "solutionArn" else key): str(value)
            for key, value in told.items()
            if key.endswith("Arn")
        }
        start, most = int(told.get("nextToken") or 0), int(told.get("maxResults") or 100)
        found = [described(thing) for thing in self._store.all(kind, **wanted)]
        shape = service().operation_model(f"List{NAMES[kind][1]}s").output_shape
        members = shape.members[member].member.members
        page = [{k: v for k, v in t.items() if k in members} for t in found[start:][:most]]
        more = {"nextToken": str(start + most)} if len(found) > start + most else {}
        return {member: page, **more}

    def _delete(self, thing: Thing) -> Answer:
        for kind, member in _IN_THE_WAY.get(thing.kind, ()):
            for other in self._store.all(kind, **{member: thing.arn}):
                raise PersonalizeError("ResourceInUseException", f"{other.arn} needs {thing.arn}")
        if thing.status not in (ACTIVE, INACTIVE, FAILED):
            raise PersonalizeError("ResourceInUseException", f"{thing.arn} is {thing.status}")
        if thing.kind == "solution":
            for version in self._store.all("solution-version", solutionArn=thing.arn):
                self._store.remove(version)
        if thing.kind in ("schema", "filter"):
            self._store.remove(thing)
        else:
            self._store.move(thing, DELETING)
        return {}

    def _update(self, thing: Thing, told: Parameters) -> Answer:
        if thing.update_ahead:
            raise PersonalizeError("ResourceInUseException", f"{thing.arn} is being changed")
        key = f"{NAMES[thing.kind][0]}Arn"
        changed = {k: v for k, v in told.items() if k != key}
        if arn := changed.get("solutionVersionArn"):
            self._store.active("solution-version", arn)
        self._store.change(thing, changed)
        return {key: thing.arn}

    def _switch(self, thing: Thing, states: tuple[str, ...], wanted: str) -> Answer:
        if thing.status != wanted:
            raise PersonalizeError("ResourceInUseException", f"{thing.arn} is {thing.status}")
        self._store.move(thing, states)
        return {"recommenderArn": thing.arn}


def plane(store: Store) -> Control:
    """The control plane over a store; files are read from S3 as the environment says."""

    @lru_cache(maxsize=1)
    def s3() -> Any:
        import boto3  # noqa: PLC0415 - only for imports

        return boto3.client("s3", region_name=store.region)

    return Control(store, s3)


def handlers(control: Control) -> dict[str, Callable[[Request], Answer]]:
    """The control plane's only path."""
    return {"POST /": control}


def _invalid(message: str) -> PersonalizeError:
    return PersonalizeError("InvalidInputException", message)
