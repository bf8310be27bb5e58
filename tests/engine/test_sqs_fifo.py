"""FIFO queues under a clock that the test moves: order, blocked groups, deduplication, attempts, retention, redrive."""

import asyncio
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine

GONE = "The receipt handle has expired."


async def make(sqs: Any, name: str = "q", **attributes: str) -> str:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} | attributes
    url: str = (await sqs.create_queue(QueueName=f"{name}.fifo", Attributes=attributes))["QueueUrl"]
    return url


async def send(sqs: Any, url: str, *names: str, **params: Any) -> list[dict[str, Any]]:
    """Each name is a group's and a number, as in "a1"; it is the body too."""
    return [
        await sqs.send_message(QueueUrl=url, MessageBody=name, **{"MessageGroupId": name[0]} | params) for name in names
    ]


async def receive(sqs: Any, url: str, count: int = 10, **params: Any) -> list[dict[str, Any]]:
    reply = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, AttributeNames=["All"], **params)
    messages: list[dict[str, Any]] = reply.get("Messages", [])
    return messages


def bodies(messages: list[dict[str, Any]]) -> list[str]:
    return [message["Body"] for message in messages]


async def delete(sqs: Any, url: str, *messages: dict[str, Any]) -> None:
    for message in messages:
        await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


async def test_a_receive_takes_one_group_after_the_other(sqs: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1", "b1", "a2", "b2", "a3")
    assert bodies(await receive(sqs, url)) == ["a1", "a2", "a3", "b1", "b2"]


async def test_a_group_in_flight_gives_nothing_until_all_of_it_is_deleted(sqs: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1", "a2", "a3", "b1")
    first, second = await receive(sqs, url, 2)
    assert bodies(await receive(sqs, url)) == ["b1"]
    await delete(sqs, url, first)
    assert await receive(sqs, url) == []
    await delete(sqs, url, second)
    assert bodies(await receive(sqs, url)) == ["a3"]


async def test_a_message_sent_to_a_group_in_flight_waits_behind_it(sqs: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1")
    (first,) = await receive(sqs, url)
    await send(sqs, url, "a2")
    assert await receive(sqs, url) == []
    await delete(sqs, url, first)
    assert bodies(await receive(sqs, url)) == ["a2"]


async def test_messages_come_again_in_order_when_their_timeout_ends(sqs: Any, clock: Any) -> None:
    url = await make(sqs, VisibilityTimeout="10")
    await send(sqs, url, "a1", "a2", "a3")
    for _ in range(2):
        assert bodies(await receive(sqs, url)) == ["a1", "a2", "a3"]
        clock.move(10)


async def test_groups_take_turns_by_when_they_became_available(sqs: Any, clock: Any) -> None:
    url = await make(sqs, VisibilityTimeout="5")
    for name in ("a1", "a2", "b1", "c1"):
        await send(sqs, url, name)
        clock.move(0.01)
    assert bodies(await receive(sqs, url, 1)) == ["a1"]
    clock.move(0.01)
    assert bodies(await receive(sqs, url, 1)) == ["b1"]
    clock.move(5)
    assert bodies(await receive(sqs, url)) == ["c1", "a1", "a2", "b1"]


async def test_a_message_that_is_shown_again_comes_but_not_those_behind_one_in_flight(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1", "a2", "a3")
    first, second = await receive(sqs, url, 2)
    change = {"QueueUrl": url, "VisibilityTimeout": 0}
    await sqs.change_message_visibility(**change, ReceiptHandle=second["ReceiptHandle"])
    assert await receive(sqs, url) == []
    await sqs.change_message_visibility(**change, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(await receive(sqs, url, 1)) == ["a1"]
    clock.move(30)
    assert bodies(await receive(sqs, url)) == ["a1", "a2", "a3"]


async def test_a_receive_for_no_time_leaves_the_group_available(sqs: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1", "a2")
    for _ in range(2):
        assert bodies(await receive(sqs, url, VisibilityTimeout=0)) == ["a1", "a2"]


async def test_the_queues_delay_holds_a_group_back_and_a_messages_own_is_refused(sqs: Any, clock: Any) -> None:
    url = await make(sqs, DelaySeconds="20")
    await send(sqs, url, "a1", "a2", DelaySeconds=0)
    assert await receive(sqs, url) == []
    with pytest.raises(ClientError, match="Value 2 for parameter DelaySeconds is invalid"):
        await send(sqs, url, "a3", DelaySeconds=2)
    clock.move(20)
    assert bodies(await receive(sqs, url)) == ["a1", "a2"]


async def test_sequence_numbers_rise_and_have_twenty_digits(sqs: Any) -> None:
    url = await make(sqs)
    sent = await send(sqs, url, "a1", "b1", "a2")
    numbers = [reply["SequenceNumber"] for reply in sent]
    assert numbers == sorted(set(numbers))
    assert {len(number) for number in numbers} == {20}
    received = {message["Body"]: message["Attributes"]["SequenceNumber"] for message in await receive(sqs, url)}
    assert [received[name] for name in ("a1", "b1", "a2")] == numbers


async def test_a_repetition_within_five_minutes_is_answered_as_the_first_and_adds_nothing(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    (first,) = await send(sqs, url, "a1")
    await delete(sqs, url, *await receive(sqs, url))
    clock.move(299.999)
    (again,) = await send(sqs, url, "a1")
    for name in ("MessageId", "SequenceNumber", "MD5OfMessageBody"):
        assert again[name] == first[name]
    assert await receive(sqs, url) == []
    clock.move(0.001)
    (new,) = await send(sqs, url, "a1")
    assert new["MessageId"] != first["MessageId"]
    assert bodies(await receive(sqs, url)) == ["a1"]


async def test_a_repetition_does_not_prolong_the_interval(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1")
    clock.move(200)
    await send(sqs, url, "a1")
    clock.move(100)
    await send(sqs, url, "a1")
    assert bodies(await receive(sqs, url)) == ["a1", "a1"]


async def test_deduplication_counts_in_the_queue_or_in_the_group(sqs: Any) -> None:
    whole = await make(sqs, "whole")
    by_group = await make(sqs, "by-group", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for url, expected in ((whole, ["a1"]), (by_group, ["a1", "b1"])):
        await send(sqs, url, "a1", "b1", MessageDeduplicationId="same")
        assert bodies(await receive(sqs, url)) == expected


async def test_content_is_told_by_its_sha_256_unless_an_id_is_given(sqs: Any) -> None:
    url = await make(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="a")
    await sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="a", MessageDeduplicationId="own")
    ids = [message["Attributes"]["MessageDeduplicationId"] for message in await receive(sqs, url)]
    assert ids == ["0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5", "own"]


async def test_a_batch_holds_its_own_repetitions(sqs: Any) -> None:
    url = await make(sqs)
    entries = [{"Id": str(n), "MessageBody": body, "MessageGroupId": "a"} for n, body in enumerate("xyx")]
    reply = await sqs.send_message_batch(QueueUrl=url, Entries=entries)
    first, _, third = reply["Successful"]
    assert third["MessageId"] == first["MessageId"]
    assert bodies(await receive(sqs, url)) == ["x", "y"]


async def test_a_purge_forgets_what_was_sent(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1")
    await sqs.purge_queue(QueueUrl=url)
    await send(sqs, url, "a1")
    assert bodies(await receive(sqs, url)) == ["a1"]


async def test_a_handle_expires_with_the_timeout(sqs: Any, clock: Any) -> None:
    url = await make(sqs, VisibilityTimeout="5")
    await send(sqs, url, "a1")
    (message,) = await receive(sqs, url)
    clock.move(5)
    handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    with pytest.raises(ClientError, match=GONE) as caught:
        await sqs.delete_message(**handle)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
    entries = [{"Id": "x", "ReceiptHandle": message["ReceiptHandle"]}]
    (failed,) = (await sqs.delete_message_batch(QueueUrl=url, Entries=entries))["Failed"]
    assert failed["Message"].endswith(GONE)
    with pytest.raises(ClientError, match="not available for visibility timeout change"):
        await sqs.change_message_visibility(**handle, VisibilityTimeout=5)
    (again,) = await receive(sqs, url)
    with pytest.raises(ClientError, match=GONE):
        await sqs.delete_message(**handle)
    await delete(sqs, url, again, again)
    assert await receive(sqs, url) == []


async def test_an_attempt_made_again_answers_the_same_messages_hidden_anew(sqs: Any, clock: Any) -> None:
    url = await make(sqs, VisibilityTimeout="30")
    await send(sqs, url, "a1", "a2", "b1")
    first = await receive(sqs, url, 2, ReceiveRequestAttemptId="try-1")
    clock.move(20)
    again = await receive(sqs, url, 2, ReceiveRequestAttemptId="try-1")
    assert again == first
    clock.move(20)
    assert bodies(await receive(sqs, url)) == ["b1"]
    clock.move(10)
    assert bodies(await receive(sqs, url)) == ["a1", "a2"]


async def test_an_attempt_whose_messages_were_touched_cannot_be_made_again(sqs: Any) -> None:
    url = await make(sqs, VisibilityTimeout="600")
    await send(sqs, url, "a1", "a2", "b1")
    (first, _) = await receive(sqs, url, 2, ReceiveRequestAttemptId="deleted")
    await delete(sqs, url, first)
    with pytest.raises(ClientError) as refused:
        await receive(sqs, url, 1, ReceiveRequestAttemptId="deleted")
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "InvalidParameterValue",
        "Value deleted for parameter ReceiveRequestAttemptId is invalid. Reason: The receiveRequestAttemptId is not "
        "valid anymore since the receive call is not retryable.",
    )
    assert bodies(await receive(sqs, url, 1, ReceiveRequestAttemptId="another")) == ["b1"]


async def test_an_old_attempt_is_a_receive_like_any_other(sqs: Any, clock: Any) -> None:
    url = await make(sqs, VisibilityTimeout="600")
    await send(sqs, url, "a1", "b1")
    assert bodies(await receive(sqs, url, 1, ReceiveRequestAttemptId="late")) == ["a1"]
    clock.move(300)
    assert bodies(await receive(sqs, url, 1, ReceiveRequestAttemptId="late")) == ["b1"]


async def test_counts_see_blocked_messages_as_visible(sqs: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1", "a2", "a3", "b1")
    await receive(sqs, url, 1)
    counted = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    assert counted["ApproximateNumberOfMessages"] == "3"
    assert counted["ApproximateNumberOfMessagesNotVisible"] == "1"


async def test_an_expired_message_frees_its_group(sqs: Any, clock: Any) -> None:
    url = await make(sqs, MessageRetentionPeriod="60", VisibilityTimeout="600")
    await send(sqs, url, "a1")
    clock.move(30)
    await send(sqs, url, "a2")
    clock.move(30)
    assert bodies(await receive(sqs, url)) == ["a2"]


async def test_the_sweep_frees_a_group_whose_first_message_expired_in_flight(sqs: Any, engine: Any, clock: Any) -> None:
    url = await make(sqs, MessageRetentionPeriod="60", VisibilityTimeout="600")
    await send(sqs, url, "a1")
    clock.move(30)
    await receive(sqs, url)
    await send(sqs, url, "a2")
    clock.move(30)
    assert await receive(sqs, url) == []
    engine._sweeper.sweep()
    await sqs.list_queues()
    assert bodies(await receive(sqs, url)) == ["a2"]


async def test_the_sweep_forgets_old_deduplication_ids_groups_and_attempts(sqs: Any, engine: Any, clock: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a1", "b1")
    await receive(sqs, url, ReceiveRequestAttemptId="try")
    await sqs.purge_queue(QueueUrl=url)
    clock.move(300)
    for _ in range(6):
        engine._sweeper.sweep()
        await sqs.list_queues()
    for table in ("sqs_messages", "sqs_groups", "sqs_deduplications", "sqs_attempts", "sqs_abandoned"):
        assert engine._db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def test_a_message_received_too_often_goes_to_the_end_of_its_line_in_the_dead_letter_queue(
    sqs: Any, clock: Any
) -> None:
    dead = await make(sqs, "dead", MessageRetentionPeriod="120")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead.fifo", "maxReceiveCount": "1"}
    url = await make(sqs, VisibilityTimeout="0", RedrivePolicy=json.dumps(policy))
    sent = await send(sqs, url, "a1", "a2", "b1")
    await send(sqs, dead, "a9")
    clock.move(100)
    assert bodies(await receive(sqs, url)) == ["a1", "a2", "b1"]
    assert await receive(sqs, url) == []
    buried = await receive(sqs, dead)
    assert bodies(buried) == ["a9", "a1", "a2", "b1"]
    assert buried[1]["MessageId"] == sent[0]["MessageId"]
    attributes = buried[1]["Attributes"]
    assert attributes["DeadLetterQueueSourceArn"].endswith(":q.fifo")
    assert attributes["MessageGroupId"] == "a"
    assert int(attributes["SequenceNumber"]) > int(buried[0]["Attributes"]["SequenceNumber"])
    # A FIFO queue counts retention from the move.
    clock.move(50)
    assert bodies(await receive(sqs, dead)) == ["a1", "a2", "b1"]


async def test_a_buried_message_lets_the_next_in_line_come(sqs: Any) -> None:
    await make(sqs, "dead")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead.fifo", "maxReceiveCount": "2"}
    url = await make(sqs, RedrivePolicy=json.dumps(policy))
    await send(sqs, url, "a1", "a2")
    for _ in range(2):
        assert bodies(await receive(sqs, url, 1, VisibilityTimeout=0)) == ["a1"]
    assert bodies(await receive(sqs, url, 1)) == ["a2"]


def test_a_long_poll_is_woken_by_a_delete_and_by_the_end_of_a_timeout(run_virtually: Any) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs: Any = engine.client("sqs")
        url = await make(sqs, VisibilityTimeout="8")
        await send(sqs, url, "a1", "a2")
        (first,) = await receive(sqs, url, 1)
        poll = asyncio.ensure_future(receive(sqs, url, 1, WaitTimeSeconds=20))
        await asyncio.sleep(3)
        assert not poll.done()
        await delete(sqs, url, first)
        assert bodies(await poll) == ["a2"]
        assert loop.time() == pytest.approx(3, abs=0.1)
        assert bodies(await receive(sqs, url, 1, WaitTimeSeconds=20)) == ["a2"]
        assert loop.time() == pytest.approx(11, abs=0.1)

    run_virtually(main)


async def test_in_flight_messages_are_limited_without_an_error(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.sqs.limits.MAX_IN_FLIGHT", 3)
    url = await make(sqs)
    await send(sqs, url, "a1", "b1", "c1", "d1", "e1")
    taken = await receive(sqs, url)
    assert bodies(taken) == ["a1", "b1", "c1"]
    assert await receive(sqs, url) == []
    await delete(sqs, url, taken[0])
    assert bodies(await receive(sqs, url)) == ["d1"]


async def test_a_blocked_group_of_ten_thousand_costs_other_receives_nothing(sqs: Any) -> None:
    url = await make(sqs)

    async def fill(group: str, count: int) -> None:
        for start in range(0, count, 10):
            entries = [{"Id": str(n), "MessageBody": f"{group}{start + n}", "MessageGroupId": group} for n in range(10)]
            await sqs.send_message_batch(QueueUrl=url, Entries=entries)

    async def cost(rounds: int) -> float:
        begun = time.process_time()
        for _ in range(rounds):
            await delete(sqs, url, *await receive(sqs, url, 1))
        return (time.process_time() - begun) / rounds

    await fill("free", 200)
    before = await cost(100)
    await fill("blocked", 10_000)
    await receive(sqs, url, 1)  # of "free", which stays blocked
    assert bodies(await receive(sqs, url, 1)) == ["blocked0"]
    await fill("other", 200)
    assert await cost(100) < 5 * before


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"MessageGroupId": "a"}, "InvalidParameterValue"),
        ({"MessageDeduplicationId": "1"}, "MissingParameter"),
        ({}, "MissingParameter"),
        ({"MessageGroupId": "", "MessageDeduplicationId": "1"}, "MissingParameter"),
        ({"MessageGroupId": "a b", "MessageDeduplicationId": "1"}, "InvalidParameterValue"),
        ({"MessageGroupId": "a", "MessageDeduplicationId": "x" * 129}, "InvalidParameterValue"),
    ],
)
async def test_a_group_and_something_to_tell_repetitions_by_are_required(
    sqs: Any, entry: dict[str, str], code: str
) -> None:
    url = await make(sqs, ContentBasedDeduplication="false")
    with pytest.raises(ClientError) as caught:
        await sqs.send_message(QueueUrl=url, MessageBody="x", **entry)
    assert caught.value.response["Error"]["Code"] == code
