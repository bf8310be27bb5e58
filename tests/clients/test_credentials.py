"""Credentials: anything signed comes in, until JOBYARD_AWS_SECRET is set; then a wrong secret is refused as by AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

from tests.clients.command import attempt, run
from tests.clients.conftest import environment
from tests.clients.documented import documented, matches
from tests.emulators.place import Place

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#: One call without parameters of each service, so of each protocol.
CALLS = {
    "sqs": "list_queues",
    "dynamodb": "list_tables",
    "scheduler": "list_schedules",
    "cloudwatch": "list_metrics",
    "lambda": "list_functions",
    "sts": "get_caller_identity",
}
#: The error's code for each. Services that began with the query protocol keep its word in their newer ones.
REFUSALS = {
    "sqs": "SignatureDoesNotMatch",
    "dynamodb": "InvalidSignatureException",
    "scheduler": "InvalidSignatureException",
    "cloudwatch": "SignatureDoesNotMatch",
    "lambda": "InvalidSignatureException",
    "sts": "SignatureDoesNotMatch",
}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running `jobyard up` that wants a secret."""
    place = Place(tmp_path_factory.mktemp("locked"), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JOBYARD_AWS_SECRET", SECRET)
        place.start()
    yield place
    assert place.stop() == 0, place.log.read_text()[-2000:]
    place.api.close()


@pytest.fixture
def knowing(aws: str, locked: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with the right secret."""
    _set(monkeypatch, environment(locked.endpoint, SECRET))


@pytest.fixture
def guessing(aws: str, locked: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with a wrong one."""
    _set(monkeypatch, environment(locked.endpoint, "a guess"))


def _set(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    # It remembers the credentials that it found first.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.mark.usefixtures("aws")
def test_any_credentials_come_in() -> None:
    session = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="any", aws_session_token="token")
    assert session.client("sts").get_caller_identity()["Account"] == "000000000000"


@pytest.mark.usefixtures("knowing")
def test_the_secret_opens_every_service_to_boto3() -> None:
    for service, operation in CALLS.items():
        getattr(boto3.client(service), operation)()


@pytest.mark.usefixtures("guessing")
@pytest.mark.parametrize("service", CALLS)
def test_a_wrong_secret_is_refused(service: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(boto3.client(service), CALLS[service])()
    response = refused.value.response
    assert response["Error"]["Code"] == REFUSALS[service]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == (400 if service == "dynamodb" else 403)
    assert "does not match the signature you provided" in response["Error"]["Message"]


@pytest.mark.usefixtures("guessing")
def test_the_refusal_reads_as_the_page_says() -> None:
    with pytest.raises(ClientError) as refused:
        boto3.client("sqs").list_queues()
    assert matches(documented("Credentials").code, str(refused.value))


@pytest.mark.usefixtures("knowing")
def test_signed_paths_and_bodies_are_read_as_they_were_signed() -> None:
    functions = boto3.client("lambda")
    # The path of this one has an ARN's colons in it.
    name = "arn:aws:lambda:us-east-1:000000000000:function:jobyard-hello"
    reply = functions.invoke(FunctionName=name, Payload=json.dumps({"name": "Zoë & Ada"}))
    assert json.load(reply["Payload"]) == "Hello, Zoë & Ada!"
    scheduler = boto3.client("scheduler")
    assert scheduler.list_schedules(NamePrefix="a.b-c_d", State="ENABLED", MaxResults=3)["Schedules"] == []
    cloudwatch = boto3.client("cloudwatch")
    # Compressed by the SDK: the signature covers what is sent.
    data = [{"MetricName": f"metric-{n}", "Value": n} for n in range(500)]
    cloudwatch.put_metric_data(Namespace="Signed", MetricData=data)
    queue = boto3.resource("sqs").create_queue(QueueName="signed")
    queue.send_message(MessageBody="ünïcode ✓")
    assert queue.receive_messages(WaitTimeSeconds=5)[0].body == "ünïcode ✓"


@pytest.mark.usefixtures("knowing")
def test_a_session_token_is_part_of_the_signature() -> None:
    session = boto3.Session(aws_access_key_id="any", aws_secret_access_key=SECRET, aws_session_token="token")
    assert session.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.usefixtures("knowing")
def test_a_presigned_url_opens_the_door_for_its_time(locked: Place) -> None:
    url = boto3.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    answer = locked.api.get(url, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    assert "<Account>000000000000</Account>" in answer.text


@pytest.mark.usefixtures("knowing")
async def test_aiobotocore() -> None:
    async with get_session().create_client("dynamodb") as dynamodb:
        assert (await dynamodb.list_tables())["TableNames"] == ["jobyard"]


@pytest.mark.usefixtures("knowing")
def test_javascript_with_the_secret(scripts: Path) -> None:
    seen = json.loads(run("node", scripts / "refused.js"))
    assert seen == dict.fromkeys(("sqs", "dynamodb", "lambda", "cloudwatch", "sts"), "ok")


@pytest.mark.usefixtures("guessing")
def test_javascript_with_a_wrong_one(scripts: Path) -> None:
    seen: dict[str, Any] = json.loads(run("node", scripts / "refused.js"))
    assert seen == {service: [REFUSALS[service], 400 if service == "dynamodb" else 403] for service in seen}


@pytest.mark.usefixtures("guessing")
def test_the_aws_cli_with_a_wrong_one(programs: Path) -> None:
    done = attempt(programs / "aws", "sts", "get-caller-identity")
    assert done.returncode == 255
    assert "(SignatureDoesNotMatch)" in done.stderr
