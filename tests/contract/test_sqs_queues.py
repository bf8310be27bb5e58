"""Making, finding, setting, listing, emptying and removing SQS queues, on every target."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Unique = Callable[[str], str]

MOTO_TAKES_ANY = pytest.mark.deviates(moto="checks the range of MaximumMessageSize only")


async def code_of(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        await call
    code: str = caught.value.response["Error"]["Code"]
    return code


async def attributes_of(sqs: Any, url: str, *names: str) -> dict[str, str]:
    reply = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ["All"]))
    attributes: dict[str, str] = reply["Attributes"]
    return attributes


async def test_creating_a_queue_twice_answers_the_same_url(sqs: Any, unique: Unique) -> None:
    """CreateQueue"""
    name = unique("twice")
    made = await sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})
    again = await sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})
    assert made["QueueUrl"] == again["QueueUrl"]
    assert made["QueueUrl"].endswith(f"/{name}")
    found = await sqs.get_queue_url(QueueName=name)
    assert found["QueueUrl"] == made["QueueUrl"]


@pytest.mark.deviates(elasticmq="has the error's new code only")
async def test_creating_with_other_attributes_says_that_the_name_exists(sqs: Any, unique: Unique) -> None:
    """CreateQueue"""
    name = unique("other")
    await sqs.create_queue(QueueName=name)
    call = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})
    assert await code_of(call) == "QueueAlreadyExists"
    with pytest.raises(sqs.exceptions.QueueNameExists):
        await sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "61"})


BAD_NAMES = [
    pytest.param(name, marks=pytest.mark.deviates(ministack="takes any name but an empty one"))
    for name in ("with space", "x" * 81, "dot.dot")
]


@pytest.mark.deviates(elasticmq="says InvalidAttributeName")
@pytest.mark.parametrize("name", ["", *BAD_NAMES])
async def test_bad_queue_names_are_refused(sqs: Any, name: str) -> None:
    """CreateQueue"""
    assert await code_of(sqs.create_queue(QueueName=name)) in ("InvalidParameterValue", "MissingParameter")


@pytest.mark.deviates(
    moto="has the message size of before 2025, and fractions of seconds",
    elasticmq="has neither retention nor a maximum message size",
)
async def test_a_new_queue_has_the_defaults_of_aws(sqs: Any, unique: Unique) -> None:
    """GetQueueAttributes, CreateQueue"""
    name = unique("defaults")
    url = (await sqs.create_queue(QueueName=name))["QueueUrl"]
    attributes = await attributes_of(sqs, url)
    expected = {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": f"arn:aws:sqs:us-east-1:{attributes['QueueArn'].split(':')[4]}:{name}",
        "ReceiveMessageWaitTimeSeconds": "0",
        "VisibilityTimeout": "30",
    }
    assert {key: attributes.get(key) for key in expected} == expected
    assert int(attributes["LastModifiedTimestamp"]) >= int(attributes["CreatedTimestamp"]) > 1_600_000_000


@pytest.mark.deviates(elasticmq="has no retention")
async def test_attributes_that_are_set_are_answered(sqs: Any, unique: Unique) -> None:
    """SetQueueAttributes"""
    url = (await sqs.create_queue(QueueName=unique("set")))["QueueUrl"]
    changes = {"VisibilityTimeout": "5", "DelaySeconds": "7", "MessageRetentionPeriod": "60"}
    await sqs.set_queue_attributes(QueueUrl=url, Attributes=changes)
    assert await attributes_of(sqs, url, *changes) == changes


@pytest.mark.deviates_in_part(elasticmq="checks few attribute values")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("VisibilityTimeout", "43201", marks=MOTO_TAKES_ANY),
        pytest.param("DelaySeconds", "901", marks=MOTO_TAKES_ANY),
        pytest.param("MessageRetentionPeriod", "59", marks=MOTO_TAKES_ANY),
        ("MaximumMessageSize", "1023"),
        pytest.param("ReceiveMessageWaitTimeSeconds", "21", marks=MOTO_TAKES_ANY),
        pytest.param("VisibilityTimeout", "soon", marks=MOTO_TAKES_ANY),
    ],
)
async def test_attribute_values_out_of_range_are_refused(sqs: Any, unique: Unique, name: str, value: str) -> None:
    """SetQueueAttributes"""
    call = sqs.create_queue(QueueName=unique("range"), Attributes={name: value})
    assert await code_of(call) == "InvalidAttributeValue"


@pytest.mark.deviates(
    moto="accepts any attribute", ministack="accepts any attribute", elasticmq="accepts any attribute"
)
async def test_unknown_attributes_are_refused(sqs: Any, unique: Unique) -> None:
    """SetQueueAttributes"""
    url = (await sqs.create_queue(QueueName=unique("unknown")))["QueueUrl"]
    call = sqs.set_queue_attributes(QueueUrl=url, Attributes={"Colour": "green"})
    assert await code_of(call) == "InvalidAttributeName"
    call = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Colour"])
    assert await code_of(call) == "InvalidAttributeName"


async def test_queues_are_listed_by_prefix_in_pages(sqs: Any, unique: Unique) -> None:
    """ListQueues"""
    stem = unique("list")
    names = sorted(f"{stem}-{number}" for number in range(5))
    for name in names:
        await sqs.create_queue(QueueName=name)
    found: list[str] = []
    page = await sqs.list_queues(QueueNamePrefix=stem, MaxResults=2)
    while True:
        found += page["QueueUrls"]
        if "NextToken" not in page:
            break
        page = await sqs.list_queues(QueueNamePrefix=stem, MaxResults=2, NextToken=page["NextToken"])
    assert sorted(url.rpartition("/")[2] for url in found) == names
    assert not (await sqs.list_queues(QueueNamePrefix=f"{stem}-none")).get("QueueUrls")


@pytest.mark.deviates(elasticmq="has the error's new code only")
async def test_a_deleted_queue_is_gone_with_its_messages(sqs: Any, unique: Unique) -> None:
    """DeleteQueue"""
    name = unique("gone")
    url = (await sqs.create_queue(QueueName=name))["QueueUrl"]
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    await sqs.delete_queue(QueueUrl=url)
    assert await code_of(sqs.get_queue_url(QueueName=name)) == "AWS.SimpleQueueService.NonExistentQueue"
    assert await code_of(sqs.receive_message(QueueUrl=url)) == "AWS.SimpleQueueService.NonExistentQueue"


async def test_a_purge_empties_the_queue(sqs: Any, unique: Unique) -> None:
    """PurgeQueue"""
    url = (await sqs.create_queue(QueueName=unique("purge")))["QueueUrl"]
    for body in "abc":
        await sqs.send_message(QueueUrl=url, MessageBody=body)
    await sqs.receive_message(QueueUrl=url)
    await sqs.purge_queue(QueueUrl=url)
    attributes = await attributes_of(sqs, url)
    assert attributes["ApproximateNumberOfMessages"] == "0"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"
    await sqs.send_message(QueueUrl=url, MessageBody="after")
    (message,) = (await sqs.receive_message(QueueUrl=url))["Messages"]
    assert message["Body"] == "after"


@pytest.mark.deviates(ministack="purges at any time", elasticmq="purges at any time")
async def test_a_second_purge_within_a_minute_is_refused(sqs: Any, unique: Unique) -> None:
    """PurgeQueue"""
    url = (await sqs.create_queue(QueueName=unique("purges")))["QueueUrl"]
    await sqs.purge_queue(QueueUrl=url)
    assert await code_of(sqs.purge_queue(QueueUrl=url)) == "AWS.SimpleQueueService.PurgeQueueInProgress"


async def test_tags_are_added_replaced_and_removed(sqs: Any, unique: Unique) -> None:
    """TagQueue, UntagQueue"""
    url = (await sqs.create_queue(QueueName=unique("tags"), tags={"team": "red", "cost": "1"}))["QueueUrl"]
    await sqs.tag_queue(QueueUrl=url, Tags={"team": "blue", "env": "test"})
    await sqs.untag_queue(QueueUrl=url, TagKeys=["cost", "absent"])
    assert (await sqs.list_queue_tags(QueueUrl=url))["Tags"] == {"team": "blue", "env": "test"}


async def test_counts_tell_visible_hidden_and_delayed_apart(sqs: Any, unique: Unique) -> None:
    """GetQueueAttributes"""
    url = (await sqs.create_queue(QueueName=unique("counts")))["QueueUrl"]
    for body in "abc":
        await sqs.send_message(QueueUrl=url, MessageBody=body)
    await sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=600)
    await sqs.receive_message(QueueUrl=url)
    attributes = await attributes_of(sqs, url)
    assert attributes["ApproximateNumberOfMessages"] == "2"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"


@pytest.mark.deviates(elasticmq="has one region")
async def test_regions_are_apart(connect: Callable[..., Any], unique: Unique) -> None:
    """ListQueues"""
    here, there = await connect("sqs"), await connect("sqs", region="eu-west-1")
    name = unique("region")
    await here.create_queue(QueueName=name)
    assert await code_of(there.get_queue_url(QueueName=name)) == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.deviates(elasticmq="refuses an empty policy")
async def test_an_empty_redrive_policy_takes_it_away(sqs: Any, unique: Unique) -> None:
    """SetQueueAttributes"""
    dead = (await sqs.create_queue(QueueName=unique("dead")))["QueueUrl"]
    arn = (await attributes_of(sqs, dead, "QueueArn"))["QueueArn"]
    policy = {"deadLetterTargetArn": arn, "maxReceiveCount": 3}
    attributes = {"RedrivePolicy": json.dumps(policy)}
    url = (await sqs.create_queue(QueueName=unique("source"), Attributes=attributes))["QueueUrl"]
    assert json.loads((await attributes_of(sqs, url, "RedrivePolicy"))["RedrivePolicy"]) == policy
    await sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in await attributes_of(sqs, url)
