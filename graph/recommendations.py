"""Realistic outputs for functions, their HTTP API and the stream of records."""

from __future__ import annotations

from collections.abc import Callable

from .subject import Outputs, Subject


def _function(s: Subject) -> Outputs:
    arn = s.arn("lambda", f"function:{s.physical}")
    version = "1" if s.inputs.get("publish") else "$LATEST"
    return {
        "id": s.physical,
        "name": s.physical,
        "arn": arn,
        "version": version,
        "qualifiedArn": f"{arn}:{version}",
        "invokeArn": _invoke(s, arn),
        "code": None,  # nobody asks for it, and the wire has a form of its own for archives
    }


def _alias(s: Subject) -> Outputs:
    function = str(s.inputs["functionName"]).rpartition(":")[2]
    arn = s.arn("lambda", f"function:{function}:{s.inputs['name']}")
    return {"id": arn, "arn": arn, "invokeArn": _invoke(s, arn)}


def _invoke(s: Subject, arn: str) -> str:
    path = f"2015-03-31/functions/{arn}/invocations"
    return f"arn:aws:apigateway:{s.region}:lambda:path/{path}"


def _api(s: Subject) -> Outputs:
    id_ = s.hash(10)
    return {
        "id": id_,
        "name": s.physical,
        "arn": f"arn:aws:apigateway:{s.region}::/apis/{id_}",
        "apiEndpoint": f"https://{id_}.execute-api.{s.region}.amazonaws.com",
        "executionArn": s.arn("execute-api", id_),
    }


def _part_of_api(s: Subject) -> Outputs:
    return {"id": s.hash(7)}


def _stage(s: Subject) -> Outputs:
    name = str(s.inputs["name"])
    api = str(s.inputs["apiId"])
    return {
        "id": name,
        "arn": f"arn:aws:apigateway:{s.region}::/apis/{api}/stages/{name}",
        "executionArn": s.arn("execute-api", f"{api}/{name}"),
        "invokeUrl": f"https://{api}.execute-api.{s.region}.amazonaws.com/",
    }


def _domain(s: Subject) -> Outputs:
    name = str(s.inputs["domainName"])
    told = {
        **s.inputs["domainNameConfiguration"],
        "targetDomainName": f"d-{s.hash(10)}.execute-api.{s.region}.amazonaws.com",
        "hostedZoneId": "Z1UJRXOUMOOFQ8",  # API Gateway's own, one a region
    }
    arn = f"arn:aws:apigateway:{s.region}::/domainnames/{name}"
    return {"id": name, "arn": arn, "domainNameConfiguration": told}


def _stream(s: Subject) -> Outputs:
    arn = s.arn("firehose", f"deliverystream/{s.physical}")
    return {"id": arn, "arn": arn, "name": s.physical}


ANSWERS: dict[str, Callable[[Subject], Outputs]] = {
    "aws:apigatewayv2/api:Api": _api,
    "aws:apigatewayv2/domainName:DomainName": _domain,
    "aws:apigatewayv2/integration:Integration": _part_of_api,
    "aws:apigatewayv2/route:Route": _part_of_api,
    "aws:apigatewayv2/stage:Stage": _stage,
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": _stream,
    "aws:lambda/alias:Alias": _alias,
    "aws:lambda/function:Function": _function,
}
