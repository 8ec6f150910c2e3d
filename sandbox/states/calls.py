"""What tasks call: AWS's SDK integrations, and the two optimised ones that the program uses.

Step Functions spells every member with a capital, whatever the service's API does, and names
errors after the service: ``Personalize.ResourceNotFoundException``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .paths import FailedError

_SDK = "arn:aws:states:::aws-sdk:"
_NAMES = {"personalize": "Personalize", "ssm": "Ssm"}


class Calls:
    """Calls AWS for tasks; ``client`` gives a boto client of a service."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def __call__(self, resource: str, parameters: Mapping[str, Any]) -> Any:
        """A task's result; raises FailedError."""
        if resource.startswith(_SDK):
            service, _, action = resource.removeprefix(_SDK).partition(":")
            if service not in _NAMES:
                raise ValueError(f"the service {service} is not known here")
            return self._sdk(service, action, parameters, _NAMES[service])
        match resource:
            case "arn:aws:states:::lambda:invoke":
                return self._invoke(parameters)
            case "arn:aws:states:::sqs:sendMessage":
                body = parameters["MessageBody"]
                text = body if isinstance(body, str) else json.dumps(body)
                return self._sdk("sqs", "sendMessage", {**parameters, "MessageBody": text}, "SQS")
        raise ValueError(f"the resource {resource} is not known here")

    def _sdk(self, service: str, action: str, parameters: Mapping[str, Any], name: str) -> Any:
        client = self._client(service)
        model = client.meta.service_model.operation_model(_capital(action))
        try:
            told = _to_api(model.input_shape, parameters)
            answer = client._make_api_call(model.name, told)  # noqa: SLF001 - methods by name
        except ClientError as refused:
            code = refused.response["Error"]["Code"].rpartition("#")[2]
            modelled = code in {shape.name for shape in model.error_shapes}
            if not modelled:  # as Step Functions: any other is the service's own exception
                code = f"{name}Exception"
            error = code if code.endswith("Exception") else f"{code}Exception"
            raise FailedError(f"{name}.{error}", str(refused)) from refused
        except BotoCoreError as problem:
            raise FailedError(f"{name}.SdkClientException", str(problem)) from problem
        return _from_api(model.output_shape, answer)

    def _invoke(self, parameters: Mapping[str, Any]) -> Any:
        try:
            answer = self._client("lambda").invoke(
                FunctionName=parameters["FunctionName"],
                Payload=json.dumps(parameters.get("Payload", {})).encode(),
            )
        except ClientError as refused:
            code = refused.response["Error"]["Code"]
            raise FailedError(f"Lambda.{code}", str(refused)) from refused
        except BotoCoreError as problem:
            raise FailedError("Lambda.SdkClientException", str(problem)) from problem
        payload = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise FailedError(str(payload.get("errorType", "Exception")), json.dumps(payload))
        return {"StatusCode": answer["StatusCode"], "Payload": payload}


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _to_api(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure":
        members = {_capital(name): (name, inner) for name, inner in shape.members.items()}
        if unknown := sorted(set(value) - set(members)):
            raise FailedError("States.Runtime", f"{shape.name} has no {', '.join(unknown)}")
        return {members[k][0]: _to_api(members[k][1], inner) for k, inner in value.items()}
    if shape.type_name == "list":
        return [_to_api(shape.member, inner) for inner in value]
    return value


def _from_api(shape: Any, value: Any) -> Any:
    if shape is None:
        return {}
    if shape.type_name == "structure":
        return {
            _capital(name): _from_api(inner, value[name])
            for name, inner in shape.members.items()
            if name in value
        }
    if shape.type_name == "list":
        return [_from_api(shape.member, inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value
