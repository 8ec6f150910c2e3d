"""A small program with functions behind an HTTP API, and one of each mistake, for tests."""

import pulumi
import pulumi_aws as aws

table = aws.dynamodb.Table(
    "seen",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    billing_mode="PAY_PER_REQUEST",
)
aws.ssm.Parameter("declared", name="/declared", type="String", value="declared")
key = aws.kms.Key("key")
aws.ssm.Parameter(
    "learned",
    name="/learned",
    type="SecureString",
    key_id=key.arn,
    value="NONE",
    opts=pulumi.ResourceOptions(ignore_changes=["value"]),
)
bucket = aws.s3.Bucket("records")
stream = aws.kinesis.FirehoseDeliveryStream(
    "records",
    destination="extended_s3",
    extended_s3_configuration={
        "bucket_arn": bucket.arn,
        "role_arn": "arn:aws:iam::123456789012:role/records",
        "prefix": "events/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/",
        "error_output_prefix": "errors/!{firehose:error-output-type}/",
        "compression_format": "GZIP",
        "buffering_interval": 60,
    },
)
FILES = {
    "echo.py": pulumi.FileAsset("handlers/echo.py"),
    "brittle.py": pulumi.FileAsset("handlers/brittle.py"),
    "aws_calls.py": pulumi.FileAsset("handlers/aws_calls.py"),
    "shared/words.py": pulumi.StringAsset("GREETING = 'hello'\n"),
}


def function(name: str, handler: str, **settings: object) -> aws.lambda_.Function:
    code = settings.pop("files", FILES)
    return aws.lambda_.Function(
        name,
        handler=handler,
        runtime=settings.pop("runtime", "python3.13"),
        role="arn:aws:iam::123456789012:role/functions",
        code=pulumi.AssetArchive(code),
        environment={
            "variables": {
                "TABLE": table.name,
                "STREAM": stream.name,
                "PUBLIC_URL": "http://127.0.0.1:8080",
                **settings.pop("variables", {}),
            }
        },
        **settings,
    )


recommending = {"SERVING": "recommender"}
echo = function("echo", "echo.handle", timeout=20, memory_size=256, variables=recommending)
brittle = function("brittle", "brittle.handle", timeout=1)
single = function("single", "brittle.slow", timeout=5, reserved_concurrent_executions=1)
calls = function("calls", "aws_calls.handle", timeout=20)
incomplete = function("incomplete", "echo.handle", files={"echo.py": FILES["echo.py"]})
function("other", "index.handler", runtime="nodejs22.x")
function("reserved", "echo.handle", variables={"AWS_REGION": "eu-central-1"})
function("absent", "echo.handle", files={"echo.py": pulumi.FileAsset("handlers/nothing.py")})
live = aws.lambda_.Alias("live", name="live", function_name=echo.name, function_version="$LATEST")


def machine(name: str, state: dict[str, object]) -> None:
    definition = {"StartAt": "Only", "States": {"Only": {**state, "End": True}}}
    aws.sfn.StateMachine(
        name,
        role_arn="arn:aws:iam::123456789012:role/machines",
        definition=pulumi.Output.json_dumps(definition),
    )


machine(
    "asks",
    {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": brittle.arn, "Payload": {"how.$": "$.how"}},
        "OutputPath": "$.Payload",
    },
)
machine("odd", {"Type": "Teleport"})


def personalize(kind: str, **state: pulumi.Input[str]) -> aws.cloudcontrol.Resource:
    return aws.cloudcontrol.Resource(
        kind.lower(),
        type_name=f"AWS::Personalize::{kind}",
        desired_state=pulumi.Output.json_dumps({"Name": "shop", **state}),
    )


group = personalize("DatasetGroup", Domain="ECOMMERCE")
tracker = personalize("EventTracker", DatasetGroupArn=group.id)
aws.ssm.Parameter("tracker", name="/tracker", type="String", value=tracker.properties)

api = aws.apigatewayv2.Api(
    "api",
    protocol_type="HTTP",
    cors_configuration={
        "allow_origins": ["https://shop.example"],
        "allow_methods": ["GET", "POST"],
        "allow_headers": ["content-type"],
        "max_age": 600,
    },
)


def route(name: str, key: str, target: pulumi.Output[str], **settings: object) -> None:
    integration = aws.apigatewayv2.Integration(
        name,
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=target,
        payload_format_version="2.0",
        **settings,
    )
    aws.apigatewayv2.Route(
        name,
        api_id=api.id,
        route_key=key,
        target=integration.id.apply(lambda id_: f"integrations/{id_}"),
    )


def permit(name: str, function: pulumi.Output[str], path: str, **settings: object) -> None:
    aws.lambda_.Permission(
        name,
        action="lambda:InvokeFunction",
        function=function,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(api.execution_arn, path),
        **settings,
    )


route("events", "POST /api/v1/events", live.invoke_arn)
permit("events", echo.name, "/*/POST/api/v1/events", qualifier="live")
route("items", "GET /api/v1/items/{sku}", echo.arn)
route("rest", "ANY /api/{rest+}", echo.invoke_arn)
permit("echo", echo.name, "/*/*")
route("brittle", "POST /brittle", brittle.arn)
permit("brittle", brittle.arn, "/*/*")
route("slow", "POST /slow", single.arn, timeout_milliseconds=400)
route("limited", "GET /limited", calls.arn)
route("calls", "POST /calls", calls.arn)
permit("calls", calls.arn, "/$default/*")
permit("single", single.arn, "/*/*")
route("incomplete", "GET /incomplete", incomplete.arn)
permit("incomplete", incomplete.arn, "/*/*")
route("forgotten", "GET /forgotten", live.invoke_arn)  # the permission names one other route
aws.apigatewayv2.Stage(
    "default",
    api_id=api.id,
    name="$default",
    auto_deploy=True,
    default_route_settings={"throttling_rate_limit": 1000, "throttling_burst_limit": 500},
    route_settings=[
        {
            "route_key": "GET /limited",
            "throttling_rate_limit": 0.01,
            "throttling_burst_limit": 2,
        }
    ],
)
pulumi.export("endpoint", api.api_endpoint)
