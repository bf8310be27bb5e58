"""The HTTP door's own manners, on the wire: what a client of AWS sees when it says something odd."""

import asyncio
import base64
import json
import re
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from infra.local.compression import MAX_BODY, body_limit
from infra.local.engine import Engine
from infra.local.front import build_server
from infra.serving import listen
from tests.engine.door import client_of

JSON = "application/x-amz-json-1.0"


def signed(region: str = "us-east-1") -> str:
    return f"AWS4-HMAC-SHA256 Credential=test/20261122/{region}/sqs/aws4_request, SignedHeaders=host, Signature=00"


@pytest.fixture
async def door(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(engine) as client:
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
        ({"QueueUrl": 7.5}, "DECIMAL_VALUE can not be converted to String (in QueueUrl)"),
        ({"QueueUrl": True}, "TRUE_VALUE can not be converted to String (in QueueUrl)"),
        ({"QueueUrl": "u", "DelaySeconds": "7"}, "STRING_VALUE can not be converted to an Integer (in DelaySeconds)"),
        (
            {"QueueUrl": "u", "DelaySeconds": 10**30},
            "NUMBER_VALUE can not be converted to an Integer (in DelaySeconds)",
        ),
        ({"QueueUrl": "u", "MessageAttributes": []}, "START_ARRAY can not be converted to a map"),
        (
            {"QueueUrl": "u", "MessageAttributes": {"b": {"DataType": "Binary", "BinaryValue": "?"}}},
            "multiple of 4 bytes but found: 1 (in MessageAttributes.b.BinaryValue)",
        ),
    ],
)
async def test_a_value_of_the_wrong_kind_is_named(door: httpx.AsyncClient, params: Any, words: str) -> None:
    reply = await post(door, "AmazonSQS.SendMessage", params)
    assert reply.json()["__type"] == "com.amazon.coral.service#SerializationException"
    assert words in reply.json()["Message"]


@pytest.mark.parametrize(
    ("operation", "params", "words"),
    [
        ("Scan", {"IndexName": 5}, "NUMBER_VALUE cannot be converted to String"),
        ("Scan", {"IndexName": 5.5}, "DECIMAL_VALUE cannot be converted to String"),
        ("Scan", {"IndexName": False}, "FALSE_VALUE cannot be converted to String"),
        ("Scan", {"IndexName": []}, "Unrecognized collection type class java.lang.String"),
        ("Scan", {"IndexName": {}}, "Start of structure or map found where not expected"),
        ("Scan", {"Limit": "5"}, "STRING_VALUE cannot be converted to Integer"),
        ("Scan", {"ConsistentRead": "abc"}, "Unexpected token received from parser"),
        ("Scan", {"ConsistentRead": 0}, "NUMBER_VALUE cannot be converted to Boolean"),
        ("Scan", {"AttributesToGet": "a"}, "Unexpected field type"),
        ("Scan", {"ExpressionAttributeNames": 5}, "Unexpected field type"),
        (
            "PutItem",
            {"Item": []},
            "Unrecognized collection type java.util.Map<java.lang.String, "
            "com.amazonaws.dynamodb.v20120810.AttributeValue>",
        ),
        ("PutItem", {"Item": {"a": 5}}, "Unexpected value type in payload"),
        ("PutItem", {"Item": {"a": {"B": 5}}}, "only base-64-encoded strings are convertible to bytes"),
        (
            "PutItem",
            {"Item": {"a": {"B": "23456"}}},
            "Base64 encoded length is expected a multiple of 4 bytes but found: 5",
        ),
        ("PutItem", {"Item": {"a": {"B": "=+/="}}}, "Invalid last non-pad Base64 character dectected"),
        ("UpdateTable", {"ProvisionedThroughput": "a"}, "Unexpected field type"),
    ],
)
async def test_dynamodb_words_it_its_own_way(door: httpx.AsyncClient, operation: str, params: Any, words: str) -> None:
    """As captured from DynamoDB by the conformance suites of its emulators."""
    reply = await post(door, f"DynamoDB_20120810.{operation}", {"TableName": "t"} | params)
    assert reply.status_code == 400
    assert reply.json() == {"__type": "com.amazon.coral.service#SerializationException", "Message": words}


async def test_dynamodb_takes_a_fraction_for_a_whole_number_and_a_word_for_a_boolean(door: httpx.AsyncClient) -> None:
    reply = await post(door, "DynamoDB_20120810.Scan", {"TableName": "tab", "Limit": 5.5, "ConsistentRead": "TRUE"})
    assert reply.json()["__type"] == "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"


async def test_a_missing_parameter_is_named(door: httpx.AsyncClient) -> None:
    reply = await post(door, "AmazonSQS.SendMessage", {"QueueUrl": "u"})
    assert reply.headers["x-amzn-query-error"] == "MissingParameter;Sender"
    assert reply.json()["message"] == "The request must contain the parameter MessageBody."


async def test_all_missing_parameters_are_listed_at_once(door: httpx.AsyncClient) -> None:
    reply = await post(door, "DynamoDB_20120810.GetItem", {})
    assert reply.json() == {
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": "2 validation errors detected: "
        "Value null at 'tableName' failed to satisfy constraint: Member must not be null; "
        "Value null at 'key' failed to satisfy constraint: Member must not be null",
    }
    keys = {"TableName": "t", "KeySchema": [{"AttributeName": "a"}], "AttributeDefinitions": []}
    reply = await post(door, "DynamoDB_20120810.CreateTable", keys)
    assert "at 'keySchema.1.member.keyType' failed" in reply.json()["message"]


async def test_an_unknown_parameter_is_named_not_ignored(door: httpx.AsyncClient) -> None:
    reply = await post(door, "AmazonSQS.ListQueues", {"Colour": "green"})
    assert reply.status_code == 400
    assert "Colour" in reply.json()["message"]


@pytest.mark.parametrize("target", ["AmazonSQS.Nope", "DynamoDB_20120810.ListTable", "nonsense", "", ".", "a.b.c"])
async def test_an_operation_that_no_service_has_is_unknown(door: httpx.AsyncClient, target: str) -> None:
    reply = await post(door, target, {})
    assert reply.status_code == 400
    assert reply.json()["__type"] == "com.amazon.coral.service#UnknownOperationException"


@pytest.mark.parametrize("params", [{"GlobalTableName": "g", "ReplicationGroup": []}, {}])
async def test_an_operation_that_is_not_embedded_is_named(door: httpx.AsyncClient, params: dict[str, Any]) -> None:
    reply = await post(door, "DynamoDB_20120810.CreateGlobalTable", params)
    assert reply.json()["__type"].endswith("#UnknownOperationException")
    assert "CreateGlobalTable" in reply.json()["message"]


async def test_a_service_that_is_not_embedded_is_named(door: httpx.AsyncClient) -> None:
    reply = await post(door, "AWSEvents.PutEvents", {}, authorization=signed().replace("sqs", "events"))
    assert reply.status_code == 501
    assert "no service 'events'; it has sqs, dynamodb" in reply.json()["message"]


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH"])
async def test_a_method_that_means_nothing_is_an_unknown_operation(door: httpx.AsyncClient, method: str) -> None:
    """As DynamoDB's endpoint answers it."""
    reply = await door.request(method, "/")
    assert (reply.status_code, reply.text) == (404, "<UnknownOperationException/>\n")


async def test_a_body_that_is_neither_json_nor_a_form_is_an_unknown_operation(door: httpx.AsyncClient) -> None:
    reply = await door.post("/", content=b"hi", headers={"content-type": "text/plain"})
    assert (reply.status_code, reply.text) == (404, "<UnknownOperationException/>\n")


async def test_json_for_nobody_is_read_all_the_same(door: httpx.AsyncClient) -> None:
    for body, code in ((b"hi", "SerializationException"), (b"{}", "UnknownOperationException")):
        reply = await door.post("/", content=body, headers={"content-type": f"{JSON};charset=x"})
        assert reply.status_code == 400
        assert reply.json() == {"__type": f"com.amazon.coral.service#{code}"}
        assert reply.headers["content-type"] == JSON


async def test_a_get_of_the_root_says_that_dynamodb_is_well(door: httpx.AsyncClient) -> None:
    reply = await door.get("/")
    assert reply.text == "healthy: dynamodb.us-east-1.amazonaws.com "


async def test_a_dynamodb_request_id_has_52_digits_and_capitals(door: httpx.AsyncClient) -> None:
    reply = await post(door, "DynamoDB_20120810.ListTables", {})
    assert re.fullmatch("[0-9A-Z]{52}", reply.headers["x-amzn-requestid"])


async def test_a_body_beyond_the_limit_is_refused(door: httpx.AsyncClient) -> None:
    limit = body_limit("sqs")
    reply = await post(door, "AmazonSQS.SendMessage", b"x" * (limit + 1))
    assert reply.status_code == 413
    assert str(limit) in reply.json()["message"]
    reply = await post(door, "DynamoDB_20120810.PutItem", b"x" * (MAX_BODY + 1))
    assert reply.status_code == 413


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "http://127.0.0.1.evil.example"])
async def test_a_page_of_another_site_is_refused(door: httpx.AsyncClient, origin: str) -> None:
    """Without a secret, any page could otherwise send to the queues of whoever looks at it."""
    reply = await door.post("/", data={"Action": "ListQueues"}, headers={"origin": origin})
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers
    reply = await door.get("/?Action=ListQueues", headers={"sec-fetch-site": "cross-site"})
    assert reply.status_code == 403
    # DNS rebinding: the page's own host, which leads here.
    reply = await door.get("/?Action=ListQueues", headers={"sec-fetch-site": "same-origin", "host": "evil.example"})
    assert reply.status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1:8000", "http://[::1]", "http://a.localhost"]
)
async def test_a_page_of_this_machine_may_call_and_read(door: httpx.AsyncClient, origin: str) -> None:
    reply = await door.post("/", data={"Action": "ListQueues"}, headers={"origin": origin})
    assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (200, origin)
    asked = {"origin": origin, "access-control-request-headers": "a, b", "access-control-request-method": "POST"}
    reply = await door.options("/", headers=asked)
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["access-control-allow-headers"] == "a, b"
    assert reply.headers["access-control-allow-methods"] == "POST"
    assert reply.headers["access-control-max-age"] == "172800"


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
    assert build_server(engine).host == "127.0.0.1"
