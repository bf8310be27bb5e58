"""Queue attributes beyond plain numbers: FIFO, encryption, policies, and the values that AWS refuses, on every target.

AWS pages: "CreateQueue", "SetQueueAttributes" and "GetQueueAttributes" in the SQS API reference.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Unique = Callable[[str], str]

FIFO = {"FifoQueue": "true"}
CHECKS_LITTLE = pytest.mark.deviates(moto="checks few attribute values", ministack="checks few attribute values")
MOTO_CHECKS_LITTLE = pytest.mark.deviates(moto="checks few attribute values")
MINISTACK_READS = pytest.mark.deviates(ministack="takes any whole number that Python reads")


async def error_of(call: Any) -> tuple[str, str]:
    """Code and message of what the call raises."""
    with pytest.raises(ClientError) as caught:
        await call
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


async def make(sqs: Any, name: str, **attributes: str) -> str:
    url: str = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
    return url


async def attributes_of(sqs: Any, url: str, *names: str) -> dict[str, str]:
    reply = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ["All"]))
    attributes: dict[str, str] = reply.get("Attributes", {})
    return attributes


async def arn_of(sqs: Any, url: str) -> str:
    return (await attributes_of(sqs, url, "QueueArn"))["QueueArn"]


# FIFO queues


@pytest.mark.deviates(elasticmq="says InvalidAttributeName")
async def test_a_fifo_queues_name_ends_in_fifo(sqs: Any, unique: Unique) -> None:
    code, _ = await error_of(sqs.create_queue(QueueName=unique("plain"), Attributes=FIFO))
    assert code == "InvalidParameterValue"


@pytest.mark.deviates(elasticmq="says InvalidAttributeName")
@CHECKS_LITTLE
async def test_only_a_fifo_queues_name_ends_in_fifo(sqs: Any, unique: Unique) -> None:
    code, message = await error_of(sqs.create_queue(QueueName=unique("standard") + ".fifo"))
    assert code == "InvalidParameterValue"
    assert message == "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"


@pytest.mark.deviates(elasticmq="takes FifoQueue=false")
@CHECKS_LITTLE
async def test_a_queue_is_made_standard_by_not_saying_fifo(sqs: Any, unique: Unique) -> None:
    call = sqs.create_queue(QueueName=unique("false"), Attributes={"FifoQueue": "false"})
    assert await error_of(call) == ("InvalidAttributeName", "Unknown Attribute FifoQueue.")


@pytest.mark.deviates(ministack="shows what was set", elasticmq="knows no DeduplicationScope")
async def test_a_fifo_queue_shows_its_defaults(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("defaults") + ".fifo", **FIFO)
    names = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
    shown = await attributes_of(sqs, url)
    assert [shown.get(name) for name in names] == ["true", "false", "queue", "perQueue"]
    plain = await make(sqs, unique("plain"))
    assert await attributes_of(sqs, plain, *names) == {}


@pytest.mark.deviates(elasticmq="knows no DeduplicationScope")
async def test_high_throughput_is_set_with_its_scope(sqs: Any, unique: Unique) -> None:
    high = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    url = await make(sqs, unique("high") + ".fifo", **FIFO, **high)
    assert await attributes_of(sqs, url, *high) == high


@pytest.mark.deviates(elasticmq="knows no FifoThroughputLimit")
@CHECKS_LITTLE
async def test_high_throughput_needs_deduplication_by_group(sqs: Any, unique: Unique) -> None:
    limit = {"FifoThroughputLimit": "perMessageGroupId"}
    expected = (
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoThroughputLimit. Reason: To set FifoThroughputLimit to "
        "perMessageGroupId, the DeduplicationScope must be messageGroup.",
    )
    name = unique("limit") + ".fifo"
    assert await error_of(sqs.create_queue(QueueName=name, Attributes=FIFO | limit)) == expected
    url = await make(sqs, name, **FIFO)
    assert await error_of(sqs.set_queue_attributes(QueueUrl=url, Attributes=limit)) == expected


@pytest.mark.deviates(elasticmq="words it differently, and takes FifoQueue")
@CHECKS_LITTLE
@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"FifoQueue": "true"}, "Unknown Attribute FifoQueue."),
        ({"ContentBasedDeduplication": "true"}, "Unknown Attribute ContentBasedDeduplication."),
        (
            {"DeduplicationScope": "queue"},
            "You can specify the DeduplicationScope only when FifoQueue is set to true.",
        ),
        (
            {"FifoThroughputLimit": "perQueue"},
            "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_a_standard_queue_has_no_fifo_attributes(
    sqs: Any, unique: Unique, attributes: dict[str, str], message: str
) -> None:
    url = await make(sqs, unique("standard"))
    call = sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    assert await error_of(call) == ("InvalidAttributeName", message)


@pytest.mark.deviates(elasticmq="ignores it")
@CHECKS_LITTLE
async def test_a_queue_stays_fifo(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("stays") + ".fifo", **FIFO)
    await sqs.set_queue_attributes(QueueUrl=url, Attributes=FIFO)
    assert await error_of(sqs.set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "false"})) == (
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    )


@pytest.mark.deviates(elasticmq="takes any word")
@CHECKS_LITTLE
@pytest.mark.parametrize("name", ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"])
async def test_fifo_attributes_take_the_words_of_aws_only(sqs: Any, unique: Unique, name: str) -> None:
    call = sqs.create_queue(QueueName=unique("words") + ".fifo", Attributes=FIFO | {name: "maybe"})
    code, message = await error_of(call)
    assert code == "InvalidAttributeValue"
    assert message.startswith(f"Invalid value for the parameter {name}.")


# Creating again


@pytest.mark.deviates(moto="names no attribute", elasticmq="names the queue, and has the error's new code only")
async def test_creating_again_names_the_attribute_that_differs(sqs: Any, unique: Unique) -> None:
    name = unique("again") + ".fifo"
    await make(sqs, name, **FIFO, ContentBasedDeduplication="true")
    call = sqs.create_queue(QueueName=name, Attributes=FIFO | {"ContentBasedDeduplication": "false"})
    assert await error_of(call) == (
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute ContentBasedDeduplication",
    )


async def test_creating_again_with_the_defaults_is_the_same(sqs: Any, unique: Unique) -> None:
    name = unique("defaults")
    url = await make(sqs, name)
    assert await make(sqs, name, DelaySeconds="0", VisibilityTimeout="30") == url


# Setting and getting


@pytest.mark.deviates(
    moto="takes an empty change", ministack="takes an empty change", elasticmq="takes an empty change"
)
async def test_setting_nothing_is_refused(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("nothing"))
    code, _ = await error_of(sqs.set_queue_attributes(QueueUrl=url, Attributes={}))
    assert code == "MissingParameter"


@pytest.mark.deviates(elasticmq="words it differently")
@CHECKS_LITTLE
@pytest.mark.parametrize("name", ["QueueArn", "CreatedTimestamp", "ApproximateNumberOfMessages"])
async def test_what_sqs_counts_cannot_be_set(sqs: Any, unique: Unique, name: str) -> None:
    url = await make(sqs, unique("counted"))
    call = sqs.set_queue_attributes(QueueUrl=url, Attributes={name: "1"})
    assert await error_of(call) == ("InvalidAttributeName", f"Unknown Attribute {name}.")


@pytest.mark.deviates(ministack="answers what was not asked for", elasticmq="answers an empty map")
async def test_attributes_not_asked_for_are_not_answered(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("asked"))
    assert "Attributes" not in await sqs.get_queue_attributes(QueueUrl=url)
    assert set(await attributes_of(sqs, url, "DelaySeconds", "QueueArn")) == {"DelaySeconds", "QueueArn"}


@pytest.mark.deviates(elasticmq="takes any number")
@MOTO_CHECKS_LITTLE
@pytest.mark.parametrize(
    "value",
    ["", "544.43", *(pytest.param(value, marks=MINISTACK_READS) for value in (" 6", "-45", "901", "+5"))],
)
async def test_a_number_is_written_in_digits(sqs: Any, unique: Unique, value: str) -> None:
    call = sqs.create_queue(QueueName=unique("digits"), Attributes={"DelaySeconds": value})
    assert await error_of(call) == ("InvalidAttributeValue", "Invalid value for the parameter DelaySeconds.")


async def test_the_last_change_is_dated(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("dated"))
    before = await attributes_of(sqs, url)
    await sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"})
    after = await attributes_of(sqs, url)
    assert after["CreatedTimestamp"] == before["CreatedTimestamp"]
    assert float(after["LastModifiedTimestamp"]) >= float(before["LastModifiedTimestamp"])


# Encryption


@pytest.mark.deviates(
    moto="shows SqsManagedSseEnabled beside a key", ministack="shows no default period", elasticmq="has no encryption"
)
async def test_a_kms_key_takes_the_place_of_sqs_encryption(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("kms"), KmsMasterKeyId="alias/aws/sqs")
    names = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
    assert await attributes_of(sqs, url, *names) == {
        "KmsMasterKeyId": "alias/aws/sqs",
        "KmsDataKeyReusePeriodSeconds": "300",
        "SqsManagedSseEnabled": "false",
    }
    await sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    assert await attributes_of(sqs, url, *names) == {"SqsManagedSseEnabled": "true"}


@pytest.mark.deviates(elasticmq="has no encryption")
@CHECKS_LITTLE
async def test_a_queue_has_one_kind_of_encryption(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("sse"))
    both = {"KmsMasterKeyId": "testKeyId", "SqsManagedSseEnabled": "true"}
    assert await error_of(sqs.set_queue_attributes(QueueUrl=url, Attributes=both)) == (
        "InvalidAttributeName",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    )


@pytest.mark.deviates(elasticmq="has no encryption")
@MOTO_CHECKS_LITTLE
@pytest.mark.parametrize("value", ["59", "86401"])
async def test_a_data_key_is_used_again_for_a_minute_to_a_day(sqs: Any, unique: Unique, value: str) -> None:
    call = sqs.create_queue(QueueName=unique("reuse"), Attributes={"KmsDataKeyReusePeriodSeconds": value})
    assert (await error_of(call))[0] == "InvalidAttributeValue"


# Redrive policies


@pytest.mark.deviates(elasticmq="has words of its own, and a 500 for a maxReceiveCount in letters")
@CHECKS_LITTLE
@pytest.mark.parametrize(
    ("policy", "code", "message"),
    [
        (
            "{not json",
            "InvalidAttributeValue",
            "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
        ),
        (
            "[]",
            "InvalidAttributeValue",
            "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
        ),
        ("{}", "InvalidParameterValue", "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        (
            '{"maxReceiveCount":5}',
            "InvalidParameterValue",
            "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
        ),
        (
            '{"deadLetterTargetArn":"DLQ","maxReceiveCount":0}',
            "InvalidParameterValue",
            "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
        (
            '{"deadLetterTargetArn":"DLQ","maxReceiveCount":"many"}',
            "InvalidParameterValue",
            "Invalid value for maxReceiveCount: many, valid values are from 1 to 1000 both inclusive.",
        ),
        (
            '{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}',
            "InvalidParameterValue",
            "Invalid value for deadLetterTargetArn.",
        ),
        (
            '{"deadLetterTargetArn":"arn:aws:sns:us-east-1:000000000000:topic","maxReceiveCount":5}',
            "InvalidParameterValue",
            "Only SQS queues are valid resources for deadLetterTargetArn.",
        ),
        (
            '{"deadLetterTargetArn":"DLQ.fifo","maxReceiveCount":5}',
            "InvalidParameterValue",
            "Dead-letter queue must be same type of queue as the source..",
        ),
        (
            '{"deadLetterTargetArn":"DLQ","maxReceiveCount":5}',
            "InvalidParameterValue",
            "Dead letter target does not exist.",
        ),
        (
            '{"deadLetterTargetArn":"DLQ","maxReceiveCount":5,"more":1}',
            "InvalidParameterValue",
            "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].",
        ),
    ],
)
async def test_a_redrive_policy_is_refused_in_the_words_of_aws(
    sqs: Any, unique: Unique, policy: str, code: str, message: str
) -> None:
    url = await make(sqs, unique("policy"))
    nowhere = (await arn_of(sqs, url)).rpartition(":")[0] + ":nowhere"
    policy = policy.replace('"DLQ', f'"{nowhere}')
    if code == "InvalidParameterValue":
        message = f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {message}"
    call = sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
    assert await error_of(call) == (code, message)


async def test_a_redrive_policy_counts_in_numbers(sqs: Any, unique: Unique) -> None:
    dead = await arn_of(sqs, await make(sqs, unique("dead")))
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": "10"})
    url = await make(sqs, unique("source"), RedrivePolicy=policy)
    kept = json.loads((await attributes_of(sqs, url, "RedrivePolicy"))["RedrivePolicy"])
    assert kept["deadLetterTargetArn"] == dead
    assert int(kept["maxReceiveCount"]) == 10


@pytest.mark.deviates(elasticmq="knows no RedriveAllowPolicy")
@CHECKS_LITTLE
@pytest.mark.parametrize(
    "policy",
    ["badjson", "[]", "{}", '{"redrivePermission":"some"}', '{"redrivePermission":"allowAll","more":1}'],
)
async def test_a_redrive_allow_policy_has_its_form(sqs: Any, unique: Unique, policy: str) -> None:
    url = await make(sqs, unique("allow"))
    call = sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": policy})
    assert await error_of(call) == (
        "InvalidAttributeValue",
        "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive allow policy, "
        "as it’s in an unsupported format.",  # noqa: RUF001 (AWS's)
    )


@pytest.mark.deviates(elasticmq="knows no RedriveAllowPolicy")
@CHECKS_LITTLE
@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (
            {"redrivePermission": "byQueue"},
            "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
        ),
        (
            {
                "redrivePermission": "byQueue",
                "sourceQueueArns": [f"arn:aws:sqs:us-east-1:000000000000:{n}" for n in "abcdefghijk"],
            },
            "The maximum number of source queue ARNs you can specify is 10.",
        ),
        (
            {"redrivePermission": "denyAll", "sourceQueueArns": ["arn:aws:sqs:us-east-1:000000000000:a"]},
            "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
        ),
    ],
    ids=["none", "too many", "not by queue"],
)
async def test_a_redrive_allow_policy_names_queues_only_by_queue(
    sqs: Any, unique: Unique, policy: dict[str, Any], reason: str
) -> None:
    url = await make(sqs, unique("allow"))
    text = json.dumps(policy)
    assert await error_of(sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": text})) == (
        "InvalidParameterValue",
        f"Value {text} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow "
        f"policy. {reason}",
    )


@pytest.mark.deviates(elasticmq="knows no RedriveAllowPolicy")
@CHECKS_LITTLE
async def test_a_dead_letter_queue_chooses_its_sources(sqs: Any, unique: Unique) -> None:
    dead = await make(sqs, unique("dead"))
    arn = await arn_of(sqs, dead)
    friend, stranger = await make(sqs, unique("friend")), await make(sqs, unique("stranger"))
    allow = {"redrivePermission": "byQueue", "sourceQueueArns": [await arn_of(sqs, friend)]}
    await sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps(allow)})
    kept = await attributes_of(sqs, dead, "RedriveAllowPolicy")
    assert json.loads(kept["RedriveAllowPolicy"]) == allow
    policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})}
    await sqs.set_queue_attributes(QueueUrl=friend, Attributes=policy)
    assert (await error_of(sqs.set_queue_attributes(QueueUrl=stranger, Attributes=policy)))[
        0
    ] == "InvalidParameterValue"
    await sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": '{"redrivePermission":"allowAll"}'})
    await sqs.set_queue_attributes(QueueUrl=stranger, Attributes=policy)
    await sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": '{"redrivePermission":"denyAll"}'})
    assert (await error_of(sqs.set_queue_attributes(QueueUrl=friend, Attributes=policy)))[0] == "InvalidParameterValue"


@pytest.mark.deviates(moto="answers one page only", ministack="answers one page only", elasticmq="has no pages")
async def test_the_sources_of_a_dead_letter_queue_are_listed_in_pages(sqs: Any, unique: Unique) -> None:
    dead = await make(sqs, unique("dead"))
    policy = json.dumps({"deadLetterTargetArn": await arn_of(sqs, dead), "maxReceiveCount": 1})
    sources = {await make(sqs, unique(f"source-{number}"), RedrivePolicy=policy) for number in range(3)}
    first = await sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=2)
    assert len(first["queueUrls"]) == 2
    rest = await sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=2, NextToken=first["NextToken"])
    assert {*first["queueUrls"], *rest["queueUrls"]} == sources
    assert "NextToken" not in rest
