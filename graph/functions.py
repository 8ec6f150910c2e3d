"""Realistic outputs for functions, HTTP APIs and delivery streams."""

from __future__ import annotations

from collections.abc import Callable

from .subject import Outputs, Subject


def _function(s: Subject) -> Outputs:
    arn = s.arn("lambda", f"function:{s.physical}")
    version = "1" if s.inputs.get("publish") else "$LATEST"
    invocations = f"arn:aws:apigateway:{s.region}:lambda:path/2015-03-31/functions"
    return {
        "id": s.physical,
        "name": s.physical,
        "arn": arn,
        "invokeArn": f"{invocations}/{arn}/invocations",
        "qualifiedArn": f"{arn}:{version}",
        "qualifiedInvokeArn": f"{invocations}/{arn}:{version}/invocations",
        "version": version,
    }


def _alias(s: Subject) -> Outputs:
    function = str(s.inputs["functionName"])
    if not function.startswith("arn:"):
        function = s.arn("lambda", f"function:{function}")
    arn = f"{function}:{s.physical}"
    invocations = f"arn:aws:apigateway:{s.region}:lambda:path/2015-03-31/functions"
    return {
        "id": arn,
        "arn": arn,
        "name": s.physical,
        "invokeArn": f"{invocations}/{arn}/invocations",
    }


def _api(s: Subject) -> Outputs:
    id_ = s.hash(10)
    return {
        "id": id_,
        "name": s.physical,
        "arn": f"arn:aws:apigateway:{s.region}::/apis/{id_}",
        "executionArn": s.arn("execute-api", id_),
        "apiEndpoint": f"https://{id_}.execute-api.{s.region}.amazonaws.com",
    }


def _stage(s: Subject) -> Outputs:
    api = str(s.inputs["apiId"])
    return {
        "id": s.physical,
        "name": s.physical,
        "arn": f"arn:aws:apigateway:{s.region}::/apis/{api}/stages/{s.physical}",
        "executionArn": s.arn("execute-api", f"{api}/{s.physical}"),
        "invokeUrl": f"https://{api}.execute-api.{s.region}.amazonaws.com/",
    }


def _part(s: Subject) -> Outputs:
    return {"id": s.hash(7)}


def _stream(s: Subject) -> Outputs:
    arn = s.arn("firehose", f"deliverystream/{s.physical}")
    return {"id": arn, "arn": arn, "name": s.physical}


ANSWERS: dict[str, Callable[[Subject], Outputs]] = {
    "aws:apigatewayv2/api:Api": _api,
    "aws:apigatewayv2/integration:Integration": _part,
    "aws:apigatewayv2/route:Route": _part,
    "aws:apigatewayv2/stage:Stage": _stage,
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": _stream,
    "aws:lambda/alias:Alias": _alias,
    "aws:lambda/function:Function": _function,
}
