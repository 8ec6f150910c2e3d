"""Parameters as functions read them: decrypted, kept for a minute, and done without."""

from __future__ import annotations

from uuid import uuid4

import boto3
import pytest
from parameterkit import UNREADABLE, refusing
from shared.parameters import Parameters
from shared.patience import client


def test_a_parameter_is_read_once_a_minute(cloud) -> None:
    now = [0.0]
    ssm = boto3.client("ssm")
    name = f"/shop/{uuid4()}"
    parameters = Parameters(client("ssm", 1.0), clock=lambda: now[0])
    assert parameters.get(name) is None  # not there (yet)
    for value, moment, expected in [("one", 59, None), ("one", 61, "one"), ("two", 90, "one")]:
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
        now[0] = moment
        assert parameters.get(name) == expected
    now[0] = 122
    assert parameters.get(name) == "two"
    ssm.delete_parameter(Name=name)
    now[0] = 200
    assert parameters.get(name) == "two"  # what cannot be read keeps its last value


@pytest.mark.parametrize("error", UNREADABLE)
def test_what_cannot_be_decrypted_is_tried_again_in_a_minute(
    cloud, peer, monkeypatch, capsys, error
) -> None:
    now = [0.0]
    name = f"/shop/{uuid4()}"
    boto3.client("ssm").put_parameter(Name=name, Value="one", Type="SecureString")
    store = peer(refusing(error))
    with monkeypatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL_SSM", store.url)
        refused = Parameters(client("ssm", 1.0), clock=lambda: now[0])
    for moment, times in [(0, 1), (59, 1), (61, 2)]:
        now[0] = moment
        assert refused.get(name) is None
        assert len(store.requests) == times
    refused._client = client("ssm", 1.0)  # and the key answers again
    now[0] = 130
    assert refused.get(name) == "one"
    assert "one" not in capsys.readouterr().out
