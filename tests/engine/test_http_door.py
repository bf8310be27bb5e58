"""The HTTP door's own manners, on the wire: what a client of AWS sees when it says something odd."""

import asyncio
import base64
import json
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from infra.local.engine import Engine
from infra.local.http import MAX_BODY, application, build_server
from infra.serving import listen

JSON = "application/x-amz-json-1.0"


def signed(region: str = "us-east-1") -> str:
    return f"AWS4-HMAC-SHA256 Credential=test/20261122/{region}/sqs/aws4_request, SignedHeaders=host, Signature=00"


@pytest.fixture
async def door(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(engine))
    async with httpx.AsyncClient(transport=transport, base_url="http://aws.local:4566") as client:
        yield client


async def post(door: httpx.AsyncClient, target: str, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await door.post("/", content=content, headers={"x-amz-target": target, "content-type": JSON} | headers)


async def test_a_call_answers_json_with_a_request_id(door: httpx.AsyncClient) -> None:
    reply = await post(door, "AmazonSQS.CreateQueue", {"QueueName": "q"}, authorization=signed())
    assert reply.status_code == 200
    assert reply.headers["content-type"] == JSON
    assert len(reply.headers["x-amzn-requestid"]) == 36
    # The host is the one that the caller used.
    assert reply.json() == {"QueueUrl": "http://aws.local:4566/000000000000/q"}


async def test_the_region_is_the_one_that_was_signed_for(door: httpx.AsyncClient) -> None:
    await post(door, "AmazonSQS.CreateQueue", {"QueueName": "q"}, authorization=signed("eu-west-1"))
    here = await post(door, "AmazonSQS.ListQueues", {}, authorization=signed("us-east-1"))
    there = await post(door, "AmazonSQS.ListQueues", {}, authorization=signed("eu-west-1"))
    assert here.json() == {}
    assert len(there.json()["QueueUrls"]) == 1


async def test_an_sqs_error_carries_both_of_its_codes(door: httpx.AsyncClient) -> None:
    url = "http://aws.local:4566/000000000000/nowhere"
    reply = await post(door, "AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "x"})
    assert reply.status_code == 400
    assert reply.headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert reply.json() == {
        "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist.",
    }


async def test_a_dynamodb_reply_carries_its_checksum(door: httpx.AsyncClient) -> None:
    reply = await post(door, "DynamoDB_20120810.ListTables", {})
    assert reply.headers["x-amz-crc32"] == str(zlib.crc32(reply.content))


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'{"QueueUrl": NaN}'])
async def test_what_is_no_json_object_cannot_be_serialized(door: httpx.AsyncClient, body: bytes) -> None:
    reply = await post(door, "AmazonSQS.SendMessage", body)
    assert reply.status_code == 400
    assert reply.json()["__type"].endswith("#SerializationException")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"QueueUrl": 7}, "NUMBER_VALUE can not be converted to String (in QueueUrl)"),
        ({"QueueUrl": "u", "DelaySeconds": "7"}, "STRING_VALUE can not be converted to Integer (in DelaySeconds)"),
        ({"QueueUrl": "u", "MessageAttributes": []}, "START_ARRAY can not be converted to a map"),
        (
            {"QueueUrl": "u", "MessageAttributes": {"b": {"DataType": "Binary", "BinaryValue": "?"}}},
            "MessageAttributes.b.BinaryValue is not valid base64",
        ),
    ],
)
async def test_a_value_of_the_wrong_kind_is_named(door: httpx.AsyncClient, params: Any, words: str) -> None:
    reply = await post(door, "AmazonSQS.SendMessage", params)
    assert reply.json()["__type"].endswith("#SerializationException")
    assert words in reply.json()["message"]


async def test_a_missing_parameter_is_named(door: httpx.AsyncClient) -> None:
    reply = await post(door, "AmazonSQS.SendMessage", {"QueueUrl": "u"})
    assert reply.headers["x-amzn-query-error"] == "MissingParameter;Sender"
    assert reply.json()["message"] == "The request must contain the parameter MessageBody."
    reply = await post(door, "DynamoDB_20120810.GetItem", {"Key": {}})
    assert reply.json()["__type"].endswith("#ValidationException")
    assert "'tableName'" in reply.json()["message"]


async def test_an_unknown_parameter_is_named_not_ignored(door: httpx.AsyncClient) -> None:
    reply = await post(door, "AmazonSQS.ListQueues", {"Colour": "green"})
    assert reply.status_code == 400
    assert "Colour" in reply.json()["message"]


@pytest.mark.parametrize("target", ["AmazonSQS.Nope", "AmazonS3.PutObject", "nonsense"])
async def test_an_unknown_operation_is_named(door: httpx.AsyncClient, target: str) -> None:
    reply = await post(door, target, {})
    assert reply.status_code == 400
    assert reply.json()["__type"].endswith("#UnknownOperationException")
    assert target in reply.json()["message"]


async def test_an_operation_that_is_not_embedded_is_named(door: httpx.AsyncClient) -> None:
    reply = await post(door, "AmazonSQS.StartMessageMoveTask", {"SourceArn": "arn"})
    assert reply.json()["__type"].endswith("#UnknownOperationException")
    assert "StartMessageMoveTask" in reply.json()["message"]


async def test_the_query_protocol_is_said_to_be_unsupported(door: httpx.AsyncClient) -> None:
    form = {"Action": "ListQueues", "Version": "2012-11-05"}
    reply = await door.post("/", data=form)
    assert reply.status_code == 400
    assert "query protocol is not supported yet" in reply.json()["message"]


async def test_a_body_beyond_the_limit_is_refused(door: httpx.AsyncClient) -> None:
    reply = await post(door, "AmazonSQS.SendMessage", b"x" * (MAX_BODY + 1))
    assert reply.status_code == 413
    assert str(MAX_BODY) in reply.json()["message"]


async def test_binary_travels_as_base64(door: httpx.AsyncClient) -> None:
    url = (await post(door, "AmazonSQS.CreateQueue", {"QueueName": "q"})).json()["QueueUrl"]
    value = base64.b64encode(b"\x00\xff").decode()
    attributes = {"b": {"DataType": "Binary", "BinaryValue": value}}
    await post(door, "AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "x", "MessageAttributes": attributes})
    reply = await post(door, "AmazonSQS.ReceiveMessage", {"QueueUrl": url, "MessageAttributeNames": ["All"]})
    assert reply.json()["Messages"][0]["MessageAttributes"] == attributes


async def test_health_is_answered_without_a_target(door: httpx.AsyncClient) -> None:
    reply = await door.get("/health")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


async def test_a_bug_shows_no_traceback(
    door: httpx.AsyncClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(engine, "run", broken)
    reply = await post(door, "AmazonSQS.ListQueues", {})
    assert reply.status_code == 500
    assert reply.json()["__type"].endswith("#InternalFailure")
    assert "secret" not in reply.text
    assert "the HTTP door failed" in caplog.text


async def test_a_caller_that_goes_away_takes_no_message(engine: Engine, sqs: Any) -> None:
    url = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
    with listen("127.0.0.1", 0, "--aws-port") as listener:
        server = build_server(engine)
        serving = asyncio.ensure_future(server.serve([listener]))
        body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
        _, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(
            b"POST / HTTP/1.1\r\nhost: aws\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\n"
            + f"content-type: {JSON}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await until(lambda: len(engine._parking) == 1)
        writer.close()
        await writer.wait_closed()
        await until(lambda: len(engine._parking) == 0)
        await sqs.send_message(QueueUrl=url, MessageBody="x")
        assert (await sqs.receive_message(QueueUrl=url))["Messages"][0]["Body"] == "x"
        server.should_exit = True
        await serving


async def until(true: Callable[[], bool]) -> None:
    """Let the loop turn until something is true."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 (the loop itself makes it true: no event to wait for)
            await asyncio.sleep(0)


async def test_the_server_listens_on_the_loopback_by_default(engine: Engine) -> None:
    assert build_server(engine).config.host == "127.0.0.1"
