"""STS: credentials for a while, which tools ask for on their start, and what it refuses in AWS's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from infra.local.engine import Engine
from tests.engine.conftest import START
from tests.engine.door import HOST, client_of

ROLE = "arn:aws:iam::000000000000:role/readers/reader"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime.fromtimestamp(START // 1000, UTC)

#: Operation -> parameters, and the seconds that its credentials are good for unless it is told.
ISSUING: dict[str, tuple[dict[str, Any], int]] = {
    "AssumeRole": ({"RoleArn": ROLE, "RoleSessionName": "me"}, 3600),
    "AssumeRoleWithWebIdentity": ({"RoleArn": ROLE, "RoleSessionName": "me", "WebIdentityToken": "a.b.c"}, 3600),
    "GetFederationToken": ({"Name": "me.too"}, 43_200),
    "GetSessionToken": ({}, 43_200),
}


async def refusal(engine: Engine, operation: str, **params: Any) -> tuple[str, str]:
    """Code and message of what the engine says to parameters that botocore itself might not send."""
    with pytest.raises(ClientError) as refused:
        await engine.call("sts", operation, params, checked=False)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize("operation", ISSUING)
async def test_credentials_have_the_form_of_temporary_ones(engine: Engine, operation: str) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html"""
    params, seconds = ISSUING[operation]
    first = (await engine.call("sts", operation, params))["Credentials"]
    assert first["AccessKeyId"].startswith("ASIA")
    assert (len(first["AccessKeyId"]), len(first["SecretAccessKey"])) == (20, 40)
    assert first["Expiration"] == NOW + timedelta(seconds=seconds)
    second = (await engine.call("sts", operation, params | {"DurationSeconds": 900}))["Credentials"]
    assert second["Expiration"] == NOW + timedelta(seconds=900)
    assert not {*first.values()} & {*second.values()}


async def test_a_role_is_assumed_under_the_name_of_the_session(engine: Engine) -> None:
    """AssumeRole, API_AssumedRoleUser."""
    params = {"RoleArn": "arn:aws-cn:iam::123456789012:role/team:dev/demo", "RoleSessionName": "me@work"}
    reply = await engine.call("sts", "AssumeRole", params | {"SourceIdentity": "alice"})
    user = reply["AssumedRoleUser"]
    assert user["Arn"] == "arn:aws-cn:sts::123456789012:assumed-role/demo/me@work"
    role_id, _, session = user["AssumedRoleId"].partition(":")
    assert (role_id[:4], len(role_id), session) == ("AROA", 20, "me@work")
    assert reply["SourceIdentity"] == "alice"
    again = await engine.call("sts", "AssumeRole", params)
    assert again["AssumedRoleUser"] == user
    assert "SourceIdentity" not in again


async def test_a_federated_user_is_of_the_account(engine: Engine) -> None:
    """GetFederationToken."""
    reply = await engine.call("sts", "GetFederationToken", {"Name": "Bob"})
    assert reply["FederatedUser"] == {
        "FederatedUserId": "000000000000:Bob",
        "Arn": "arn:aws:sts::000000000000:federated-user/Bob",
    }


@pytest.mark.parametrize(
    "arn",
    [
        "not-an-arn-but-long-enough",
        "arn:aws:lambda:us-east-1:000000000000:function:demo",
        "arn:aws:iam::000000000000:user/demo",
        "arn:aws:iam:us-east-1:000000000000:role/demo",
        "arn:aws:iam::nobody-at-all:role/demo",
        "arn:aws:iam::000000000000:role/demo:bad",
        "arn:aws:iam::000000000000:role/",
    ],
)
async def test_what_is_no_roles_arn_is_refused(engine: Engine, arn: str) -> None:
    answer = await refusal(engine, "AssumeRole", RoleArn=arn, RoleSessionName="me")
    assert answer == ("ValidationError", f"{arn} is invalid")


async def test_lengths_and_ranges_are_those_of_the_model(engine: Engine) -> None:
    """CommonErrors: ValidationError."""
    said = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have {}"
    long = "s" * 65
    answer = await refusal(engine, "AssumeRole", RoleArn=ROLE, RoleSessionName=long)
    assert answer == ("ValidationError", said.format(long, "roleSessionName", "length less than or equal to 64"))
    answer = await refusal(engine, "GetSessionToken", DurationSeconds=899)
    assert answer == ("ValidationError", said.format(899, "durationSeconds", "value greater than or equal to 900"))


async def test_the_time_of_expiry_on_the_wire(engine: Engine) -> None:
    """In XML a date; in the JSON that the query protocol has for those who ask, a number."""
    form = {"Action": "GetSessionToken", "Version": "2011-06-15", "DurationSeconds": "900"}
    async with client_of(engine) as door:
        xml = await door.post("/", data=form)
        assert f"<Expiration>{NOW + timedelta(seconds=900):%Y-%m-%dT%H:%M:%S}" in xml.text
        told = (await door.post("/", data=form, headers={"Accept": "application/json"})).json()
    credentials = told["GetSessionTokenResponse"]["GetSessionTokenResult"]["Credentials"]
    assert credentials["Expiration"] == START // 1000 + 900


@pytest.mark.parametrize("operation", ISSUING)
async def test_none_are_given_out_where_only_the_secret_is_good(engine: Engine, operation: str) -> None:
    """They could sign nothing: the door checks against one secret."""
    body = f"Action={operation}&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=me&WebIdentityToken=abcd&Name=me"
    form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    request = AWSRequest(method="POST", url=HOST + "/", data=body, headers=form)
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        SigV4Auth(Credentials("AKIDEXAMPLE", SECRET), "sts", "eu-west-1").add_auth(request)
    async with client_of(engine, secret=SECRET) as door:
        reply = await door.send(httpx.Request("POST", HOST + "/", content=body, headers=dict(request.headers.items())))
    assert reply.status_code == 403
    error = json.loads(reply.content)["Error"]
    assert error["Code"] == "AccessDenied"
    assert f"does not support sts:{operation} while JOBYARD_AWS_SECRET is set" in error["Message"]
