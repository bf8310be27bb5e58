"""The query protocol: what boto 2, older boto3, Celery, the JS SDK v2 and curl send to SQS, and what they read."""

import asyncio
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from infra.local import model
from infra.local.engine import Engine
from infra.local.protocols.sqs_names import ENTRIES, ITEMS
from tests.engine.door import HOST, client_of

NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"
QUEUE = f"{HOST}/000000000000/q"

#: An old SDK's request: version and signature of its own day among the parameters.
OLD = {"Version": "2012-11-05", "AWSAccessKeyId": "x", "SignatureMethod": "HmacSHA256", "Signature": "x"}


@pytest.fixture
async def door(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(engine) as client:
        yield client


@pytest.fixture
async def queue(door: httpx.AsyncClient) -> str:
    reply = await door.post("/", data={"Action": "CreateQueue", "QueueName": "q"} | OLD)
    assert reply.status_code == 200
    return QUEUE


def texts(reply: httpx.Response, name: str) -> list[str | None]:
    """The texts of all elements of this name."""
    return [element.text for element in ElementTree.fromstring(reply.content).iter(NAMESPACE + name)]


async def test_a_reply_is_xml_in_the_namespace_of_its_version(door: httpx.AsyncClient) -> None:
    reply = await door.post("/", data={"Action": "CreateQueue", "QueueName": "q"} | OLD)
    assert reply.headers["content-type"] == "text/xml"
    request_id = reply.headers["x-amzn-requestid"]
    assert reply.text == (
        '<?xml version="1.0"?><CreateQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">'
        f"<CreateQueueResult><QueueUrl>{QUEUE}</QueueUrl></CreateQueueResult>"
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></CreateQueueResponse>"
    )


async def test_maps_are_flattened_into_numbered_entries(door: httpx.AsyncClient) -> None:
    form = {
        "Action": "CreateQueue",
        "QueueName": "q",
        "Attribute.1.Name": "DelaySeconds",
        "Attribute.1.Value": "5",
        "Attribute.2.Name": "VisibilityTimeout",
        "Attribute.2.Value": "40",
        "Tag.1.Key": "team",
        "Tag.1.Value": "a+b",
    }
    await door.post("/", data=form)
    reply = await door.get(QUEUE, params={"Action": "GetQueueAttributes", "AttributeName.1": "VisibilityTimeout"})
    assert "<Attribute><Name>VisibilityTimeout</Name><Value>40</Value></Attribute>" in reply.text
    assert "DelaySeconds" not in reply.text
    reply = await door.post("/", data={"Action": "ListQueueTags", "QueueUrl": QUEUE})
    assert "<Tag><Key>team</Key><Value>a+b</Value></Tag>" in reply.text


async def test_a_single_item_may_go_without_a_number(door: httpx.AsyncClient, queue: str) -> None:
    """As boto 2 writes it."""
    form = {"Action": "SetQueueAttributes", "Attribute.Name": "DelaySeconds", "Attribute.Value": "7"}
    assert (await door.post(queue, data=form)).status_code == 200
    reply = await door.get(queue, params={"Action": "GetQueueAttributes", "AttributeName": "All"})
    assert "<Name>DelaySeconds</Name><Value>7</Value>" in reply.text


async def test_a_message_goes_all_the_way(door: httpx.AsyncClient, queue: str) -> None:
    form = {
        "Action": "SendMessage",
        "QueueUrl": queue,
        "MessageBody": "<ä> & \t\"'",
        "MessageAttribute.1.Name": "colour",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "green",
        "MessageAttribute.2.Name": "raw",
        "MessageAttribute.2.Value.DataType": "Binary",
        "MessageAttribute.2.Value.BinaryValue": "AP8=",
    }
    sent = await door.post("/", data=form)
    assert texts(sent, "MD5OfMessageAttributes") != []
    asked = {"Action": "ReceiveMessage", "QueueUrl": queue, "AttributeName.1": "All", "MessageAttributeName.1": "All"}
    received = await door.post("/", data=asked)
    assert texts(received, "Body") == [form["MessageBody"]]
    assert texts(received, "StringValue") == ["green"]
    assert texts(received, "BinaryValue") == ["AP8="]
    assert texts(received, "MD5OfMessageAttributes") == texts(sent, "MD5OfMessageAttributes")
    assert "ApproximateReceiveCount" in texts(received, "Name")
    (handle,) = texts(received, "ReceiptHandle")
    reply = await door.post(queue, data={"Action": "DeleteMessage", "ReceiptHandle": handle})
    assert "<DeleteMessageResponse" in reply.text
    assert "Result" not in reply.text


async def test_a_batch_is_flattened_and_its_failures_are_listed(door: httpx.AsyncClient, queue: str) -> None:
    form = {"Action": "SendMessageBatch", "QueueUrl": queue}
    for number in range(1, 11):
        form |= {
            f"SendMessageBatchRequestEntry.{number}.Id": f"m{number}",
            f"SendMessageBatchRequestEntry.{number}.MessageBody": f"body {number}",
        }
    form["SendMessageBatchRequestEntry.10.DelaySeconds"] = "901"
    reply = await door.post("/", data=form)
    root = ElementTree.fromstring(reply.content)
    assert len(root.findall(f".//{NAMESPACE}SendMessageBatchResultEntry")) == 9
    assert texts(reply, "SenderFault") == ["true"]
    received = await door.get(queue, params={"Action": "ReceiveMessage", "MaxNumberOfMessages": 10})
    assert len(texts(received, "MessageId")) == 9


async def test_no_messages_are_an_empty_result(door: httpx.AsyncClient, queue: str) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""
    reply = await door.get(queue, params={"Action": "ReceiveMessage"})
    assert "<ReceiveMessageResult/>" in reply.text


@pytest.mark.parametrize(
    ("url", "form", "status", "code", "message"),
    [
        ("/", {"Action": "FooBar"}, 400, "InvalidAction", "The action FooBar is not valid for this endpoint."),
        (
            QUEUE,
            {"Action": "CreateQueue"},
            400,
            "InvalidAction",
            "The action CreateQueue is not valid for this endpoint.",
        ),
        (
            QUEUE,
            {"Action": "ListQueues"},
            400,
            "InvalidAction",
            "The action ListQueues is not valid for this endpoint.",
        ),
        (
            QUEUE,
            {"Action": "SendMessage"},
            400,
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        ),
        (
            QUEUE + "x",
            {"Action": "GetQueueAttributes"},
            400,
            "AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist for this wsdl version.",
        ),
        (QUEUE, {"Action": "ReceiveMessage", "VisibilityTimeout": "soon"}, 400, "InvalidParameterValue", None),
        (QUEUE, {"Action": "ReceiveMessage", "VisibilityTimeout": "9" * 40}, 400, "InvalidParameterValue", None),
        (QUEUE, {"Action": "ReceiveMessage", "VisibilityTimeout.a": "1"}, 400, "InvalidParameterValue", None),
        (QUEUE, {"Action": "ReceiveMessage", "Colour": "green"}, 400, "InvalidParameterValue", None),
        (QUEUE, {"Action": "ReceiveMessage", ".".join("a" * 99): "1"}, 400, "MalformedQueryString", None),
        (QUEUE, {"Action": "SetQueueAttributes", "Attribute.1.Name": "a"}, 400, "InvalidParameterValue", None),
        (QUEUE, {"Action": "SetQueueAttributes", "Attribute.1.Value": "a"}, 400, "InvalidParameterValue", None),
    ],
)
async def test_an_error_has_the_codes_of_the_older_protocol(
    door: httpx.AsyncClient, queue: str, url: str, form: dict[str, str], status: int, code: str, message: str | None
) -> None:
    for reply in (
        await door.post(url, data=form | {"Version": "2012-11-05"}),
        await door.get(url, params=form | {"Version": "2012-11-05"}),
    ):
        assert reply.status_code == status
        assert texts(reply, "Type") == ["Sender"]
        assert texts(reply, "Code") == [code]
        assert texts(reply, "RequestId") == [reply.headers["x-amzn-requestid"]]
        if message is not None:
            assert texts(reply, "Message") == [message]


async def test_a_form_that_is_not_percent_encoded_utf_8_is_malformed(door: httpx.AsyncClient) -> None:
    reply = await door.get("/?Action=ListQueues&QueueNamePrefix=%FF")
    assert "<Code>MalformedQueryString</Code>" in reply.text


async def test_a_queue_url_among_the_parameters_wins(door: httpx.AsyncClient, queue: str) -> None:
    await door.post("/", data={"Action": "CreateQueue", "QueueName": "other"})
    other = f"{HOST}/000000000000/other"
    asked = {"Action": "GetQueueAttributes", "QueueUrl": other, "AttributeName.1": "QueueArn"}
    assert texts(await door.get(queue, params=asked), "Value") == ["arn:aws:sqs:us-east-1:000000000000:other"]


async def test_a_queues_url_may_have_its_region_in_its_path(door: httpx.AsyncClient, queue: str) -> None:
    """As LocalStack writes it with SQS_ENDPOINT_STRATEGY=path; so do programs that were made beside it."""
    url = queue.replace("/000000000000/", "/queue/us-east-1/000000000000/")
    sent = await door.post(url, data={"Action": "SendMessage", "MessageBody": "x"})
    assert sent.status_code == 200, sent.text
    received = await door.get(url, params={"Action": "ReceiveMessage"})
    assert texts(received, "Body") == ["x"]


async def test_a_queue_without_an_action_is_an_unknown_operation(door: httpx.AsyncClient, queue: str) -> None:
    reply = await door.get(queue, headers={"accept": "application/json"})
    assert reply.status_code == 404
    assert "<UnknownOperationException" in reply.text


async def test_a_caller_that_accepts_only_json_gets_json(door: httpx.AsyncClient, queue: str) -> None:
    accept = {"accept": "application/json"}
    asked = {"Action": "GetQueueAttributes", "AttributeName.1": "QueueArn"}
    answer = (await door.get(queue, params=asked, headers=accept)).json()["GetQueueAttributesResponse"]
    assert answer["GetQueueAttributesResult"]["Attributes"] == [
        {"Name": "QueueArn", "Value": "arn:aws:sqs:us-east-1:000000000000:q"}
    ]
    refused = (await door.get(queue, params={"Action": "ListQueues"}, headers=accept)).json()
    assert refused["Error"]["Code"] == "InvalidAction"
    await door.get(queue, params={"Action": "SendMessage", "MessageBody": "x"})
    received = (await door.get(queue, params={"Action": "ReceiveMessage"}, headers=accept)).json()
    assert received["ReceiveMessageResponse"]["ReceiveMessageResult"]["messages"][0]["Body"] == "x"


async def test_the_clients_own_unprintable_characters_leave_the_xml_sound(door: httpx.AsyncClient, queue: str) -> None:
    reply = await door.get(queue, params={"Action": "GetQueueUrl", "QueueName": "\x00\ufffe<\r"})
    ElementTree.fromstring(reply.content)
    assert reply.status_code == 400


async def test_sts_says_who_one_is(door: httpx.AsyncClient) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    reply = await door.post("/", data={"Action": "GetCallerIdentity", "Version": "2011-06-15"})
    assert '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' in reply.text
    assert "<Arn>arn:aws:iam::000000000000:root</Arn>" in reply.text
    assert "<Account>000000000000</Account>" in reply.text


async def test_a_service_that_is_not_embedded_is_named(door: httpx.AsyncClient) -> None:
    scope = "Credential=x/20261122/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
    form = {"Action": "Publish", "Version": "2010-03-31"}
    reply = await door.post("/", data=form, headers={"authorization": "AWS4-HMAC-SHA256 " + scope.format("sns")})
    assert reply.status_code == 501
    assert "<Code>NotImplemented</Code><Message>The embedded AWS has no service 'sns'" in reply.text
    reply = await door.get("/bucket", headers={"authorization": "AWS4-HMAC-SHA256 " + scope.format("s3")})
    assert reply.text.startswith("<Error><Code>NotImplemented</Code>")


# What SQS's model was before it spoke JSON, made from today's and our names: with it botocore is the old client.


def old_model() -> ServiceModel:
    """SQS's model with the names of the query protocol written into it."""
    description = dict(model.service_model("sqs")._service_description)
    shapes = {name: dict(shape) for name, shape in description["shapes"].items()}
    for name, item in ITEMS.items():
        if name in shapes:
            shapes[name]["member"] = {**shapes[name]["member"], "locationName": item}
    for name, (_, key, value) in ENTRIES.items():
        shapes[name]["key"] = {**shapes[name]["key"], "locationName": key}
        shapes[name]["value"] = {**shapes[name]["value"], "locationName": value}
    for shape in shapes.values():
        for member, reference in shape.get("members", {}).items():
            if reference["shape"] in ENTRIES:
                shape["members"][member] = {**reference, "locationName": ENTRIES[reference["shape"]][0]}
    operations = {}
    for name, operation in description["operations"].items():
        operations[name] = dict(operation)
        if "output" in operation:
            operations[name]["output"] = {**operation["output"], "resultWrapper": f"{name}Result"}
    metadata = {**description["metadata"], "protocol": "query", "protocols": ["query"]}
    return ServiceModel({**description, "metadata": metadata, "shapes": shapes, "operations": operations}, "sqs")


class OldClient:
    """botocore's own serializer and parser of the query protocol, over a door."""

    def __init__(self, door: httpx.AsyncClient):
        self._door = door
        self._model = old_model()

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        found: OperationModel = self._model.operation_model(operation)
        request = create_serializer("query").serialize_to_request(params, found)
        body = "&".join(f"{quote(name)}={quote(str(value))}" for name, value in request["body"].items())
        headers = dict(request["headers"].items())
        headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
        reply = await self._door.post(request["url_path"], content=body.encode(), headers=headers)
        answer = {"headers": dict(reply.headers), "body": reply.content, "status_code": reply.status_code}
        parsed: dict[str, Any] = create_parser("query").parse(answer, found.output_shape)
        return parsed


async def test_botocore_itself_can_be_the_old_client(door: httpx.AsyncClient) -> None:
    client = OldClient(door)
    url = (await client.call("CreateQueue", QueueName="q", Attributes={"DelaySeconds": "0"}, tags={"a": "b"}))[
        "QueueUrl"
    ]
    assert (await client.call("ListQueues"))["QueueUrls"] == [url]
    assert (await client.call("ListQueueTags", QueueUrl=url))["Tags"] == {"a": "b"}
    attributes = {"n": {"DataType": "Number", "StringValue": "7"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00"}}
    entries = [{"Id": str(n), "MessageBody": f"m{n}", "MessageAttributes": attributes} for n in range(3)]
    sent = await client.call("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert [entry["Id"] for entry in sent["Successful"]] == ["0", "1", "2"]
    received = await client.call(
        "ReceiveMessage", QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )
    assert sorted(message["Body"] for message in received["Messages"]) == ["m0", "m1", "m2"]
    assert received["Messages"][0]["MessageAttributes"] == attributes
    assert received["Messages"][0]["Attributes"]["ApproximateReceiveCount"] == "1"
    handles = [
        {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(received["Messages"])
    ]
    hidden = [entry | {"VisibilityTimeout": 9} for entry in handles]
    changed = await client.call("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=hidden)
    assert len(changed["Successful"]) == 3
    deleted = await client.call("DeleteMessageBatch", QueueUrl=url, Entries=handles)
    assert len(deleted["Successful"]) == 3
    assert "Messages" not in await client.call("ReceiveMessage", QueueUrl=url)
    await client.call("UntagQueue", QueueUrl=url, TagKeys=["a"])
    assert "Tags" not in await client.call("ListQueueTags", QueueUrl=url)
    await client.call("AddPermission", QueueUrl=url, Label="l", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    error = (await client.call("ReceiveMessage", QueueUrl=url + "x"))["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


async def test_a_long_poll_waits_in_this_protocol_too(door: httpx.AsyncClient, queue: str) -> None:
    asked = {"Action": "ReceiveMessage", "WaitTimeSeconds": "20"}
    polling = asyncio.ensure_future(door.get(queue, params=asked))
    await asyncio.sleep(0)
    await door.get(queue, params={"Action": "SendMessage", "MessageBody": "at last"})
    assert texts(await polling, "Body") == ["at last"]
