"""Long polls in virtual time: woken at once, on time, one by one, and never asking again without a reason."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.engine import Engine

Virtually = Callable[..., None]


async def queue_of(engine: Engine) -> tuple[Any, str]:
    sqs: Any = engine.client("sqs")
    url: str = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
    return sqs, url


def poll(sqs: Any, url: str, seconds: int = 20, **params: Any) -> asyncio.Task[dict[str, Any]]:
    return asyncio.ensure_future(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=seconds, **params))


def test_an_empty_poll_ends_after_its_seconds(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        short, long = poll(sqs, url, 3), poll(sqs, url, 20)
        await short
        assert loop.time() == pytest.approx(3, abs=0.01)
        assert "Messages" not in await long
        assert loop.time() == pytest.approx(20, abs=0.01)

    run_virtually(main)


def test_a_send_wakes_a_poll_at_once(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        waiting = poll(sqs, url)
        await asyncio.sleep(7)
        await sqs.send_message(QueueUrl=url, MessageBody="x")
        assert (await waiting)["Messages"][0]["Body"] == "x"
        assert loop.time() == 7

    run_virtually(main)


def test_a_delayed_message_ends_the_poll_when_it_is_due(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        waiting = poll(sqs, url)
        await sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=5)
        assert (await waiting)["Messages"]
        assert loop.time() == pytest.approx(5, abs=0.01)

    run_virtually(main)


def test_a_hidden_message_ends_the_poll_when_it_comes_back(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        waiting = poll(sqs, url), poll(sqs, url)
        await asyncio.sleep(1)
        await sqs.send_message(QueueUrl=url, MessageBody="x")
        await sqs.receive_message(QueueUrl=url, VisibilityTimeout=6)
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert loop.time() <= 7.01
        assert len(done) == 1
        assert (await done.pop())["Messages"]

    run_virtually(main)


def test_a_message_shown_again_wakes_a_poll(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        await sqs.send_message(QueueUrl=url, MessageBody="x")
        (message,) = (await sqs.receive_message(QueueUrl=url))["Messages"]
        waiting = poll(sqs, url)
        await asyncio.sleep(2)
        await sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        assert (await waiting)["Messages"]
        assert loop.time() == pytest.approx(2, abs=0.01)

    run_virtually(main)


def test_each_of_many_messages_finds_a_poll(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        waiting = [poll(sqs, url) for _ in range(10)]
        await asyncio.sleep(1)
        entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(10)]
        await sqs.send_message_batch(QueueUrl=url, Entries=entries)
        replies = await asyncio.gather(*waiting)
        assert sorted(reply["Messages"][0]["Body"] for reply in replies) == sorted(map(str, range(10)))
        assert loop.time() == pytest.approx(1, abs=0.01)

    run_virtually(main)


def test_a_cancelled_poll_passes_its_wake_on(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        first, second = poll(sqs, url), poll(sqs, url)
        await asyncio.sleep(1)
        sending = asyncio.ensure_future(sqs.send_message(QueueUrl=url, MessageBody="x"))
        await asyncio.sleep(0)  # the send is queued: its wake will find the first poll cancelled
        first.cancel()
        await sending
        assert (await second)["Messages"]
        assert loop.time() == 1

    run_virtually(main)


def test_polls_wait_without_asking(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        runs = 0
        original = engine._transaction

        def counted(calls: Any) -> Any:
            nonlocal runs
            runs += 1
            return original(calls)

        engine._transaction = counted  # type: ignore[method-assign]
        await asyncio.gather(*[poll(sqs, url) for _ in range(5)])
        assert runs < 15

    run_virtually(main)


def test_closing_the_engine_ends_polls_empty(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        waiting = poll(sqs, url)
        await asyncio.sleep(1)
        await engine.close()
        assert "Messages" not in await waiting
        assert loop.time() == 1

    run_virtually(main)


def test_the_queues_own_wait_time_counts_when_none_is_given(run_virtually: Virtually) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        await sqs.set_queue_attributes(QueueUrl=url, Attributes={"ReceiveMessageWaitTimeSeconds": "4"})
        await sqs.receive_message(QueueUrl=url)
        assert loop.time() == pytest.approx(4, abs=0.01)

    run_virtually(main)


def test_a_poll_works_through_more_poison_than_one_round_takes(
    run_virtually: Virtually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.sqs.taking.ASIDE_LIMIT", 10)

    async def main(engine: Engine, loop: Any) -> None:
        sqs, url = await queue_of(engine)
        await sqs.create_queue(QueueName="dead")
        policy = '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 1}'
        await sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
        entries = [{"Id": str(number), "MessageBody": "poison"} for number in range(10)]
        for _ in range(5):
            await sqs.send_message_batch(QueueUrl=url, Entries=entries)
            await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        await asyncio.sleep(31)
        await sqs.send_message(QueueUrl=url, MessageBody="good")
        (message,) = (await poll(sqs, url))["Messages"]
        assert message["Body"] == "good"
        assert loop.time() == pytest.approx(31, abs=0.1)

    run_virtually(main)
