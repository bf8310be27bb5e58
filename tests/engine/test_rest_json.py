"""REST JSON: Scheduler and Lambda as boto3 calls them, and as something odd might."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from botocore.exceptions import ClientError

from infra.local import model
from infra.local.engine import Engine
from infra.local.protocols.rest_routes import find_route, service_routes
from infra.local.wire import HttpRequest
from tests.engine.door import client_of
from tests.engine.lambda_functions import add
from tests.engine.served import boto_client, served

QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:q"
ROLE_ARN = "arn:aws:iam::000000000000:role/r"


@pytest.fixture
async def door(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    add(engine)
    async with client_of(engine) as client:
        yield client


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    def prepare(engine: Engine) -> None:
        add(engine)

    with served(prepare) as url:
        yield url


def test_a_schedule_goes_all_the_way(endpoint: str) -> None:
    scheduler = boto_client("scheduler", endpoint)
    end = datetime(2031, 1, 1, tzinfo=UTC)
    made = scheduler.create_schedule(
        Name="s.1_x-y",
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        EndDate=end,
        Target={"Arn": QUEUE_ARN.replace("us-east-1", "eu-west-1"), "RoleArn": ROLE_ARN, "Input": '{"ä": 1}'},
    )
    assert made["ScheduleArn"].endswith(":schedule/default/s.1_x-y")
    found = scheduler.get_schedule(Name="s.1_x-y")
    assert found["EndDate"] == end
    assert found["Target"]["Input"] == '{"ä": 1}'
    listed = scheduler.list_schedules(NamePrefix="s.", MaxResults=1, State="ENABLED")
    assert [schedule["Name"] for schedule in listed["Schedules"]] == ["s.1_x-y"]
    scheduler.delete_schedule(Name="s.1_x-y")
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException) as gone:
        scheduler.get_schedule(Name="s.1_x-y")
    assert gone.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_an_arn_with_slashes_is_one_label(endpoint: str) -> None:
    scheduler = boto_client("scheduler", endpoint)
    arn = scheduler.create_schedule_group(Name="g", Tags=[{"Key": "a", "Value": "b"}])["ScheduleGroupArn"]
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "c d", "Value": "é"}])
    assert len(scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"]) == 2
    # A list in the query string.
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a", "c d"])
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == []


def test_a_function_is_invoked_with_bytes_and_answers_bytes(endpoint: str) -> None:
    client = boto_client("lambda", endpoint, region="us-east-1")
    reply = client.invoke(FunctionName="echo", Payload=b'{"n": [1, 2.5, "\xc3\xa4"]}')
    assert (reply["StatusCode"], reply["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads(reply["Payload"].read()) == {"n": [1, 2.5, "ä"]}
    # The status is a member of the reply.
    assert client.invoke(FunctionName="echo", InvocationType="DryRun")["StatusCode"] == 204
    assert client.invoke(FunctionName="echo", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202


def test_lambdas_errors_have_their_type(endpoint: str) -> None:
    client = boto_client("lambda", endpoint, region="us-east-1")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as refused:
        client.get_function(FunctionName="nowhere")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert refused.value.response["Type"] == "User"
    with pytest.raises(ClientError, match="does not support lambda:GetLayerVersion"):
        client.get_layer_version(LayerName="l", VersionNumber=1)


async def test_a_malformed_body_is_refused_in_the_form_of_rest_json(door: httpx.AsyncClient) -> None:
    for content in (b"{", b"[]", b"\xff", b'{"Target": NaN}', b"1"):
        reply = await door.post("/schedules/s", content=content)
        assert reply.status_code == 400
        assert reply.headers["x-amzn-errortype"] == "SerializationException"
        assert reply.json()["Message"]


async def test_all_missing_members_are_named(door: httpx.AsyncClient) -> None:
    reply = await door.post("/schedules/s", content=b"{}")
    assert reply.headers["x-amzn-errortype"] == "ValidationException"
    message = reply.json()["Message"]
    assert message.startswith("3 validation errors detected: Value null at ")
    assert "'scheduleExpression'" in message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/schedules?MaxResults=many", "can not be converted to an Integer (in MaxResults)"),
        ("/2015-03-31/functions?MaxItems=1e3", "can not be converted to an Integer (in MaxItems)"),
        ("/schedules/%FF", "not percent-encoded UTF-8"),
    ],
)
async def test_a_parameter_in_the_path_or_the_query_is_checked(door: httpx.AsyncClient, path: str, words: str) -> None:
    reply = await door.get(path)
    assert reply.status_code == 400
    assert words in str(reply.json())


async def test_an_unknown_member_is_named(door: httpx.AsyncClient) -> None:
    reply = await door.post("/schedules/s", content=b'{"Colour": 1}')
    assert "Colour" in reply.json()["Message"]


async def test_a_path_of_no_operation_is_unknown(door: httpx.AsyncClient) -> None:
    scope = {"authorization": "AWS4-HMAC-SHA256 Credential=x/20261122/us-east-1/scheduler/aws4_request, Signature=0"}
    reply = await door.get("/nowhere", headers=scope)
    assert (reply.status_code, reply.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    reply = await door.patch("/schedules/s", headers=scope)
    assert reply.status_code == 404


@pytest.mark.parametrize("service", ["scheduler", "lambda"])
def test_every_operation_is_found_by_its_own_path(service: str) -> None:
    for route in service_routes(service):
        http = model.service_model(service).operation_model(route.operation).http
        path, _, query = http["requestUri"].partition("?")
        filled = path.replace("{", "x%2F").replace("+}", "/y").replace("}", "y")
        found = find_route(service, HttpRequest(http["method"], filled.encode(), query.encode(), {}))
        assert found is not None
        assert found[0] == route.operation
        assert all(value.startswith("x/") for value in found[1].values())
