"""State machines as they are declared, run against the stand-in: every way they can go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import Aws
from sandbox.states.paths import FailedError
from tests.sandbox.learning import PERSONALIZE, SHELVES, World, declared_graph, files

NOTHING = {**dict.fromkeys(SHELVES, "NONE"), "tracking": "NONE"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    part = Aws(tmp_path_factory.mktemp("aws")).start()
    yield part
    part.stop()


@pytest.fixture
def world(aws: Aws, request: pytest.FixtureRequest) -> Iterator[World]:
    """A stack that was just made; it serves by recommenders unless the test says otherwise."""
    made = World(aws, declared_graph(getattr(request, "param", "recommender")))
    made.resources = made.up()
    yield made
    made.close()


both = pytest.mark.parametrize("world", ["recommender", "campaign"], indirect=True)
campaigns = pytest.mark.parametrize("world", ["campaign"], indirect=True)


def kind_of(world: World) -> str:
    return "campaign" if "pause" not in _machines(world) else "recommender"


def _machines(world: World) -> set[str]:
    made = world.graph.of_type("aws:sfn/stateMachine:StateMachine")
    return {machine.name.removeprefix("recommendations-") for machine in made}


def served(world: World) -> dict[str, str]:
    """What is published when everything went well."""
    tracker = next(world.store.all("event-tracker")).properties["trackingId"]
    kind = kind_of(world)
    arns = {shelf: f"{PERSONALIZE}:{kind}/shop-dev-{shelf}" for shelf in SHELVES}
    return {**arns, "tracking": tracker}


def statuses(world: World) -> dict[str, str]:
    return {t.name: t.status for t in world.store.all("recommender")}


@both
def test_training_publishes_every_shelf_and_the_tracker(world: World) -> None:
    done = world.run("train")
    assert (done.status, done.output) == ("SUCCEEDED", ["published"] * 3)
    assert world.published() == served(world)
    assert done.waited > 0
    assert world.failures() == []
    last = world.actions().index("ssm:PutParameter", world.actions().index("ssm:PutParameter") + 1)
    assert "personalize:CreateDatasetImportJob" in world.actions()[:last]


def test_the_second_run_imports_afresh_and_keeps_recommenders(world: World) -> None:
    world.run("train")
    before = {t.arn: t.created for t in world.store.all("recommender")}
    world.export.rows = files(1500)
    assert world.run("train").status == "SUCCEEDED"
    assert {t.arn: t.created for t in world.store.all("recommender")} == before
    jobs = [*world.store.all("dataset-import-job")]
    assert len(jobs) == 6
    assert {job.properties["importMode"] for job in jobs} == {"FULL"}
    assert world.published() == served(world)


def test_a_recommender_with_another_size_is_updated(world: World) -> None:
    world.run("train")
    recommender = next(world.store.all("recommender"))
    recommender.properties["recommenderConfig"] = {"minRecommendationRequestsPerSecond": 9}
    assert world.run("train").status == "SUCCEEDED"
    assert world.actions().count("personalize:UpdateRecommender") == 1


@campaigns
def test_the_second_run_moves_the_campaign_to_a_new_version(world: World) -> None:
    world.run("train")
    first = {t.name: t.properties["solutionVersionArn"] for t in world.store.all("campaign")}
    assert world.run("train").status == "SUCCEEDED"
    second = {t.name: t.properties["solutionVersionArn"] for t in world.store.all("campaign")}
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())
    assert world.actions().count("personalize:UpdateCampaign") == 3
    solutions = [*world.store.all("solution")]
    assert [s.properties["performAutoTraining"] for s in solutions] == [False] * 3  # it would bill


@both
def test_too_little_data_is_no_failure(world: World) -> None:
    world.export.enough = False
    done = world.run("train")
    assert done.status == "SUCCEEDED"
    assert done.output["why"] == "7 rows"
    assert world.published() == NOTHING
    assert world.actions() == ["lambda:InvokeFunction"]


def test_few_purchases_make_only_the_shelves_that_do_without(world: World) -> None:
    for row in world.export.rows["interactions"][:120]:
        row["EVENT_TYPE"] = "View"
    done = world.run("train")
    few = "too few purchases"
    assert (done.status, done.output) == ("SUCCEEDED", ["published", few, few])
    assert world.published() == {**served(world), "also-bought": "NONE", "popular": "NONE"}
    assert [thing.name for thing in world.store.all("recommender")] == ["shop-dev-for-you"]
    world.export.rows = files()
    assert world.run("train").output == ["published"] * 3
    assert world.published() == served(world)


@campaigns
def test_campaigns_need_no_purchases(world: World) -> None:
    world.export.rows["interactions"] = [
        {**row, "EVENT_TYPE": "View"} for row in world.export.rows["interactions"]
    ]
    assert world.run("train").output == ["published"] * 3


def test_a_file_that_does_not_fit_its_schema_stops_everything(world: World) -> None:
    world.run("train")
    good = world.published()
    world.export.rows["items"][3] = {**world.export.rows["items"][3], "PRICE": "cheap"}
    done = world.run("train")
    assert (done.status, done.error) == ("FAILED", "ImportFailed")
    assert "line 5: PRICE = 'cheap'" in done.cause
    (told,) = world.failures()
    assert told["problem"]["Error"] == "ImportFailed"
    assert told["execution"].endswith(done.name)
    assert world.published() == good


def test_an_export_that_fails_is_reported(world: World) -> None:
    world.export.error = "DatabaseError"
    done = world.run("train")
    assert (done.status, done.error) == ("FAILED", "DatabaseError")
    assert [told["problem"]["Error"] for told in world.failures()] == ["DatabaseError"]
    assert world.published() == NOTHING


def test_a_shelf_that_fails_leaves_the_others_alone_and_heals_with_the_next_run(
    world: World,
) -> None:
    world.fault(kind="recommender", name="shop-dev-also-bought", ends="CREATE FAILED")
    done = world.run("train")
    assert (done.status, done.error) == ("FAILED", "ShelvesFailed")
    assert world.published() == {**served(world), "also-bought": "NONE"}
    (told,) = world.failures()
    assert (told["shelf"], told["problem"]["Error"]) == ("also-bought", "TrainingFailed")
    assert "told to fail" in told["problem"]["Cause"]
    assert world.run("train").status == "SUCCEEDED"
    assert world.published() == served(world)


@campaigns
def test_a_version_that_fails_leaves_the_campaign_with_the_last_good_one(world: World) -> None:
    world.run("train")
    first = {t.name: t.properties["solutionVersionArn"] for t in world.store.all("campaign")}
    world.fault(kind="solution-version", name="shop-dev-popular", ends="CREATE FAILED")
    assert world.run("train").error == "ShelvesFailed"
    second = {t.name: t.properties["solutionVersionArn"] for t in world.store.all("campaign")}
    assert [name for name in first if first[name] == second[name]] == ["shop-dev-popular"]
    assert world.published() == served(world)


@campaigns
def test_a_campaign_that_failed_is_made_again(world: World) -> None:
    world.fault(kind="campaign", name="shop-dev-for-you", ends="CREATE FAILED")
    assert world.run("train").error == "ShelvesFailed"
    assert world.published() == {**served(world), "for-you": "NONE"}
    assert world.run("train").status == "SUCCEEDED"
    assert world.published() == served(world)


def test_what_somebody_else_made_in_the_meantime_is_taken_as_made(world: World) -> None:
    world.run("train")
    world.fault(
        operation="DescribeRecommender",
        error="ResourceNotFoundException",
        name="shop-dev-for-you",
    )
    assert world.run("train").status == "SUCCEEDED"
    assert world.actions().count("personalize:CreateRecommender") == 4  # one was there already
    assert len(statuses(world)) == 3


def test_an_import_whose_answer_was_lost_is_not_begun_twice(world: World) -> None:
    lost = []

    def lose(action: str, parameters: Mapping[str, Any]) -> None:
        if action == "personalize:CreateDatasetImportJob" and not lost:
            lost.append(parameters)
            raise FailedError("Personalize.SdkClientException", "connection reset")

    assert world.run("train", lose).status == "SUCCEEDED"
    assert lost
    assert len([*world.store.all("dataset-import-job")]) == 3


@pytest.mark.parametrize("error", ["LimitExceededException", "ResourceInUseException"])
def test_a_busy_service_is_waited_for(world: World, error: str) -> None:
    world.fault(operation="CreateRecommender", error=error, times=5)
    world.fault(operation="CreateDatasetImportJob", error=error, times=3)
    done = world.run("train")
    assert done.status == "SUCCEEDED"
    assert done.waited > 60
    assert world.published() == served(world)


def test_a_limit_that_never_lifts_fails_its_shelf_only(world: World) -> None:
    world.fault(
        operation="CreateRecommender",
        error="LimitExceededException",
        name="shop-dev-for-you",
        times=1000,
    )
    assert world.run("train").error == "ShelvesFailed"
    assert world.published() == {**served(world), "for-you": "NONE"}
    (told,) = world.failures()
    assert told["problem"]["Error"] == "Personalize.LimitExceededException"


def test_training_that_never_ends_is_given_up_after_a_day(world: World) -> None:
    world.fault(kind="recommender", name="shop-dev-for-you", ends="never")
    done = world.run("train")
    assert done.error == "ShelvesFailed"
    assert 20 * 3600 < done.waited < 30 * 3600
    assert world.published() == {**served(world), "for-you": "NONE"}
    assert [told["problem"]["Error"] for told in world.failures()] == ["NotYet"]


def test_paused_shelves_fall_back_first_and_come_back_last(world: World) -> None:
    world.run("train")
    good = world.published()
    world.calls.clear()
    assert world.run("pause").output == ["stopped"] * 3
    assert {*statuses(world).values()} == {"INACTIVE"}
    assert world.published() == {**NOTHING, "tracking": good["tracking"]}
    actions = world.actions()
    assert actions.index("ssm:PutParameter") < actions.index("personalize:StopRecommender")
    # A pause is a pause, even when training comes in between or the schedule rings twice.
    assert world.run("train").output == ["paused"] * 3
    assert world.run("pause").output == ["nothing to stop"] * 3
    assert world.published()["for-you"] == "NONE"
    assert world.run("resume").output == ["published"] * 3
    assert world.published() == good
    assert world.run("resume").output == ["published"] * 3
    assert {*statuses(world).values()} == {"ACTIVE"}


def test_there_is_nothing_to_pause_before_the_first_training(world: World) -> None:
    assert world.run("pause").output == ["nothing to stop"] * 3
    assert world.run("resume").output == ["nothing to start"] * 3
    assert world.run("teardown").output == ["gone"] * 3
    assert world.published() == NOTHING


def test_a_recommender_that_cannot_stop_is_reported(world: World) -> None:
    world.run("train")
    world.fault(operation="StopRecommender", error="ResourceInUseException", times=1000)
    assert world.run("pause").error == "Personalize.ResourceInUseException"
    assert len(world.failures()) == 1
    assert world.published()["for-you"] == "NONE"


@both
def test_after_a_teardown_everything_can_be_destroyed_and_made_again(world: World) -> None:
    made = world.resources
    world.run("train")
    with pytest.raises(ClientError, match="ResourceInUse"):
        world.down([made[0]])  # the dataset group, while somebody bills in it
    assert world.run("teardown").output == ["gone"] * 3
    assert world.published() == NOTHING
    for kind in ("recommender", "campaign", "solution", "solution-version"):
        assert [*world.store.all(kind)] == []
    world.down(made)
    assert [*world.store.all("dataset-group")] == []
    assert world.up() == made  # the same names, without a conflict
    assert world.run("train").status == "SUCCEEDED"
    assert world.published() == served(world)


def test_a_teardown_takes_away_what_served_before_as_well(aws: Aws) -> None:
    first = World(aws, declared_graph("campaign"))
    first.up()
    first.run("train")
    second = World(aws, declared_graph("recommender"))
    second.store, second._clients["personalize"] = first.store, first.client("personalize")
    second.run("train")
    assert second.run("teardown").status == "SUCCEEDED"
    assert [*first.store.all("campaign"), *first.store.all("recommender")] == []
    first.close()
    second.close()


def test_a_second_stack_has_names_of_its_own(world: World, tmp_path: Path) -> None:
    from tests.stacks import graph_of

    changes = {"shop:recommendations.serving": "recommender"}
    other = graph_of("prod", changes)
    mine = {r.id for r in world.graph.of_type("aws:cloudcontrol/resource:Resource")}
    assert not mine & {r.id for r in other.of_type("aws:cloudcontrol/resource:Resource")}
