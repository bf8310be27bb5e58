"""boto3 and SQS: the client, its exception classes, its paginator, and the resource."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from tests.clients.command import run
from tests.clients.documented import documented

pytestmark = pytest.mark.usefixtures("aws")
Unique = Callable[[str], str]


def test_the_snippet(aws: str, tmp_path: Path) -> None:
    snippet = documented("boto3")
    assert run(sys.executable, "-c", snippet.at(aws), cwd=tmp_path) == snippet.printed


def test_queue_urls_are_on_the_host_that_was_called(aws: str, unique: Unique) -> None:
    sqs, name = boto3.client("sqs"), unique("addressed")
    sqs.create_queue(QueueName=name)
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == f"{aws}/000000000000/{name}"
    by_name = boto3.client("sqs", endpoint_url=aws.replace("127.0.0.1", "localhost"))
    assert by_name.get_queue_url(QueueName=name)["QueueUrl"].startswith("http://localhost:")


def test_errors_are_the_exceptions_of_the_client(unique: Unique) -> None:
    sqs = boto3.client("sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as missing:
        sqs.get_queue_url(QueueName=unique("nothing"))
    # As SQS's error codes were before the JSON protocol: botocore reads them from a header.
    assert missing.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    url = sqs.create_queue(QueueName=unique("strict"))["QueueUrl"]
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="made up")
    sqs.purge_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.PurgeQueueInProgress):
        sqs.purge_queue(QueueUrl=url)


def test_a_resource_sends_receives_and_deletes(unique: Unique) -> None:
    queue = boto3.resource("sqs").create_queue(QueueName=unique("resource"), Attributes={"VisibilityTimeout": "5"})
    attributes = {"fruit": {"DataType": "String", "StringValue": "apple"}}
    queue.send_messages(
        Entries=[{"Id": str(n), "MessageBody": f"{n}", "MessageAttributes": attributes} for n in range(10)]
    )
    messages = queue.receive_messages(MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=5)
    assert sorted(message.body for message in messages) == [str(n) for n in range(10)]
    assert messages[0].message_attributes["fruit"]["StringValue"] == "apple"
    messages[0].change_visibility(VisibilityTimeout=0)
    assert queue.receive_messages(WaitTimeSeconds=5)[0].body == messages[0].body
    handles = [{"Id": str(n), "ReceiptHandle": message.receipt_handle} for n, message in enumerate(messages[1:])]
    assert len(queue.delete_messages(Entries=handles)["Successful"]) == 9
    queue.load()
    assert queue.attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert queue.attributes["VisibilityTimeout"] == "5"


def test_a_fifo_queue_keeps_its_order(unique: Unique) -> None:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    queue = boto3.resource("sqs").create_queue(QueueName=unique("ordered") + ".fifo", Attributes=attributes)
    for n in (1, 2, 2, 3):
        queue.send_message(MessageBody=f"step {n}", MessageGroupId="one")
    bodies = [message.body for message in queue.receive_messages(MaxNumberOfMessages=10, WaitTimeSeconds=5)]
    assert bodies == ["step 1", "step 2", "step 3"]


def test_pages_of_queues(unique: Unique) -> None:
    sqs, stem = boto3.client("sqs"), unique("paged")
    for n in range(5):
        sqs.create_queue(QueueName=f"{stem}-{n}")
    pages = list(sqs.get_paginator("list_queues").paginate(QueueNamePrefix=stem, PaginationConfig={"PageSize": 2}))
    assert [len(page["QueueUrls"]) for page in pages] == [2, 2, 1]


def test_dead_letters_are_listed_and_moved_back(unique: Unique) -> None:
    resource = boto3.resource("sqs")
    buried = resource.create_queue(QueueName=unique("buried"))
    arn = buried.attributes["QueueArn"]
    policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "1"}}'
    queue = resource.create_queue(
        QueueName=unique("source"), Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"}
    )
    queue.send_message(MessageBody="rotten")
    assert queue.receive_messages(WaitTimeSeconds=5)
    assert not queue.receive_messages()
    assert [source.url for source in buried.dead_letter_source_queues.all()] == [queue.url]
    resource.meta.client.start_message_move_task(SourceArn=arn)
    (message,) = queue.receive_messages(WaitTimeSeconds=10)
    assert message.body == "rotten"
