"""The recording cloud on small programs: what it sees, what it answers and what it refuses."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from graph import EvaluationError, Graph, evaluate
from graph.diagram import markdown

Program = Callable[..., Graph]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Evaluate a program given as text."""

    def run(text: str, **options: object) -> Graph:
        (tmp_path / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
        (tmp_path / "Pulumi.dev.yaml").write_text(
            "config:\n  aws:region: eu-west-1\n  tiny:data: {size: 3}\n"
        )
        head = "import pulumi\nimport pulumi_aws as aws\nfrom pulumi import ResourceOptions\n"
        (tmp_path / "__main__.py").write_text(head + textwrap.dedent(text))
        return evaluate("dev", project=tmp_path, **options)  # type: ignore[arg-type]

    return run


def test_options_that_mocks_hide_are_recorded(program: Program) -> None:
    graph = program(
        """
        class Tier(pulumi.ComponentResource):
            def __init__(self, name):
                super().__init__("tiny:index:Tier", name)
                mine = ResourceOptions(parent=self)
                key = aws.kms.Key("key", opts=mine)
                aws.dynamodb.Table("carts", attributes=[{"name": "id", "type": "S"}],
                    hash_key="id", billing_mode="PAY_PER_REQUEST",
                    opts=ResourceOptions(parent=self, protect=True, depends_on=[key],
                        ignore_changes=["readCapacity"], retain_on_delete=True,
                        aliases=[pulumi.Alias(name="old")],
                        custom_timeouts=pulumi.CustomTimeouts(create="5m")))
        Tier("data")
        """
    )
    table = graph.one("aws:dynamodb/table:Table", "carts")
    key = graph.one("aws:kms/key:Key")
    tier = graph.one("tiny:index:Tier")
    assert table.parent == tier.urn
    assert table.urn.endswith("tiny:index:Tier$aws:dynamodb/table:Table::carts")
    assert graph.tier(table) == tier
    assert table.options.protect
    assert table.options.retain_on_delete
    assert table.options.depends_on == (key.urn,)
    assert table.options.ignore_changes == ("readCapacity",)
    assert table.options.timeouts == {"create": "5m"}
    assert table.options.aliases[0]["name"] == "old"


def test_outputs_flow_into_inputs_and_exports(program: Program) -> None:
    graph = program(
        """
        vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
        aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
        pulumi.export("vpc", vpc.id)
        pulumi.export("size", pulumi.Config().require_object("data")["size"])
        """
    )
    vpc, subnet = graph.one("aws:ec2/vpc:Vpc"), graph.one("aws:ec2/subnet:Subnet")
    assert subnet.inputs["vpcId"] == vpc.id
    assert subnet.property_dependencies["vpcId"] == (vpc.urn,)
    assert vpc.id.startswith("vpc-0")
    assert ":eu-west-1:" in vpc.outputs["arn"]
    assert graph.exports == {"vpc": vpc.id, "size": 3}


def test_secrets_are_marked(program: Program) -> None:
    graph = program(
        """
        aws.sns.Topic("p", display_name=pulumi.Output.secret("hush"), tags={"a": "b"})
        aws.sns.Topic("q", display_name="loud")
        aws.ecs.TaskDefinition("r", family="f", container_definitions="[]", volumes=[
            {"name": "a"}, {"name": "b", "host_path": pulumi.Output.secret("hush")}])
        """
    )
    inside = graph.one("aws:ecs/taskDefinition:TaskDefinition")
    assert inside.secrets == {"volumes[].hostPath"}
    assert inside.inputs["volumes"] == [{"name": "a"}, {"name": "b", "hostPath": "hush"}]
    secret = graph.one("aws:sns/topic:Topic", "p")
    assert secret.secrets == {"displayName"}
    assert secret.inputs["displayName"] == "hush"
    assert graph.one("aws:sns/topic:Topic", "q").secrets == frozenset()


def test_the_same_program_gives_the_same_graph(program: Program) -> None:
    text = 'for i in range(20): aws.s3.Bucket(f"bucket-{i}")'
    assert program(text) == program(text)


def test_answers_replace_outputs(program: Program) -> None:
    graph = program(
        """
        db = aws.rds.Instance("db", instance_class="db.t4g.micro")
        pulumi.export("at", pulumi.Output.format("{0}:{1}", db.address, db.port))
        """,
        answers=lambda r: {"address": "127.0.0.1", "port": 6543} if "rds" in r.type else None,
    )
    assert graph.exports["at"] == "127.0.0.1:6543"


def test_config_can_be_replaced_by_key(program: Program) -> None:
    text = 'pulumi.export("size", pulumi.Config().get_object("data"))'
    assert program(text, config={"tiny:data": {"size": 9}}).exports["size"] == {"size": 9}
    assert program(text, config={"tiny:data": None}).exports.get("size") is None


async def test_a_running_event_loop_is_no_obstacle(program: Program) -> None:
    await asyncio.sleep(0)
    assert len(program('aws.s3.Bucket("b")').resources) == 1


def test_an_unknown_lookup_is_refused_by_name(program: Program) -> None:
    with pytest.raises(EvaluationError, match="aws:ec2/getAmi:getAmi"):
        program('aws.ec2.get_ami(owners=["amazon"], most_recent=True)')


def test_an_output_without_an_answer_is_refused_where_it_is_used(program: Program) -> None:
    with pytest.raises(EvaluationError, match=r"input value of aws:ssm/parameter:Parameter p"):
        program(
            """
            domain = aws.opensearch.Domain("d")
            aws.ssm.Parameter("p", type="String", value=domain.endpoint)
            """
        )


def test_a_program_that_stops_says_why(program: Program) -> None:
    with pytest.raises(EvaluationError, match=r"^no cats$"):
        program('raise pulumi.RunError("no cats")')
    with pytest.raises(EvaluationError, match="ZeroDivisionError"):
        program("1 / 0")
    with pytest.raises(EvaluationError, match="two resources share the URN"):
        program('aws.s3.Bucket("b"); aws.s3.Bucket("b")')


def test_an_unknown_stack_names_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {}\n")
    with pytest.raises(EvaluationError, match="no stack 'qa'; there are: prod"):
        evaluate("qa", project=tmp_path)


def test_the_architecture_document_is_the_program() -> None:
    drawn = markdown(evaluate("prod"))
    kept = (Path(__file__).parent.parent / "docs" / "architecture.md").read_text()
    assert drawn == kept, "run `make diagram`"
