"""How a queue is addressed: the forms of its URL, its owner, and its tags' rules, on every target.

AWS pages: "Amazon SQS queue and message identifiers", "GetQueueUrl", and "Tagging Amazon SQS queues".
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Unique = Callable[[str], str]

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
TAKES_ANY_TAG = pytest.mark.deviates(moto="takes any tag", ministack="takes any tag")


async def error_of(call: Any) -> tuple[str, str]:
    """Code and message of what the call raises."""
    with pytest.raises(ClientError) as caught:
        await call
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


async def make(sqs: Any, name: str) -> str:
    url: str = (await sqs.create_queue(QueueName=name))["QueueUrl"]
    return url


@pytest.mark.deviates_in_part(elasticmq="takes no bare name and no region in a path")
@pytest.mark.parametrize(
    "form",
    [
        "{name}",
        "http://some.other.host/{account}/{name}",
        "https://sqs.us-east-1.amazonaws.com/{account}/{name}",
        "https://us-east-1.queue.amazonaws.com/{account}/{name}",
        "http://127.0.0.1:4566/queue/us-east-1/{account}/{name}",
    ],
)
async def test_a_queue_url_is_known_by_its_last_parts(sqs: Any, unique: Unique, form: str) -> None:
    name = unique("address")
    account = (await make(sqs, name)).split("/")[-2]
    url = form.format(name=name, account=account)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = (await sqs.receive_message(QueueUrl=url))["Messages"]
    await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@pytest.mark.deviates(ministack="has the words of the query protocol", elasticmq="has the error's new code only")
async def test_a_url_of_no_queue_names_none(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("address"))
    for wrong in (url + "-nowhere", "http://whatever-incorrect-queue-address"):
        assert await error_of(sqs.send_message(QueueUrl=wrong, MessageBody="x")) == (
            NO_QUEUE,
            "The specified queue does not exist.",
        )


@pytest.mark.deviates(moto="lets everybody in", elasticmq="lets everybody in")
async def test_a_queue_of_another_account_is_not_found(sqs: Any, unique: Unique) -> None:
    name = unique("owner")
    url = await make(sqs, name)
    account = url.split("/")[-2]
    assert (await sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account))["QueueUrl"] == url
    stranger = "999999999999"
    assert (await error_of(sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=stranger)))[0] == NO_QUEUE
    foreign = url.replace(account, stranger)
    assert (await error_of(sqs.receive_message(QueueUrl=foreign)))[0] == NO_QUEUE


@pytest.mark.deviates(elasticmq="answers an empty list of messages")
async def test_a_deleted_queues_name_is_free(sqs: Any, unique: Unique) -> None:
    """AWS blocks it for 60 seconds; no emulator does, so that a suite need not wait."""
    name = unique("again")
    url = await make(sqs, name)
    await sqs.send_message(QueueUrl=url, MessageBody="x")
    await sqs.delete_queue(QueueUrl=url)
    assert await make(sqs, name) == url
    assert "Messages" not in await sqs.receive_message(QueueUrl=url)


@pytest.mark.deviates(ministack="takes any number of tags", elasticmq="takes any number of tags")
async def test_a_queue_has_fifty_tags_at_most(sqs: Any, unique: Unique) -> None:
    name = unique("tags")
    url = await make(sqs, name)
    too_many = {f"key{number}": "value" for number in range(51)}
    assert await error_of(sqs.tag_queue(QueueUrl=url, Tags=too_many)) == (
        "InvalidParameterValue",
        f"Too many tags added for queue {name}.",
    )
    assert not (await sqs.list_queue_tags(QueueUrl=url)).get("Tags")


@pytest.mark.deviates(elasticmq="takes any tag")
@TAKES_ANY_TAG
@pytest.mark.parametrize("key", ["", "k" * 129, "a#b", "aws:mine"])
async def test_a_tags_key_has_its_rules(sqs: Any, unique: Unique, key: str) -> None:
    url = await make(sqs, unique("key"))
    assert (await error_of(sqs.tag_queue(QueueUrl=url, Tags={key: "value"})))[0] == "InvalidParameterValue"


@pytest.mark.deviates(elasticmq="takes any tag")
@TAKES_ANY_TAG
async def test_a_tags_value_has_its_length(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("value"))
    await sqs.tag_queue(QueueUrl=url, Tags={"Ключ 1": "v" * 256, "empty": ""})
    assert (await error_of(sqs.tag_queue(QueueUrl=url, Tags={"key": "v" * 257})))[0] == "InvalidParameterValue"


@pytest.mark.deviates(ministack="takes an empty list", elasticmq="takes an empty change")
async def test_tagging_with_nothing_is_refused(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("nothing"))
    assert (await error_of(sqs.tag_queue(QueueUrl=url, Tags={})))[0] == "MissingParameter"
    assert (await error_of(sqs.untag_queue(QueueUrl=url, TagKeys=[])))[0] == "InvalidParameterValue"
