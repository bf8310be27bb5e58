"""Schedules whose target says no, or that were due while nobody was there: retries, dead letters, late firings."""

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.engine import Engine
from infra.local.scheduler.firing import retry_wait
from infra.local.scheduler.limits import DEFAULT_EVENT_AGE, DEFAULT_RETRIES
from tests.engine.conftest import START
from tests.engine.scheduled import House, arn, at, date

MISSING = arn("missing")


def target(**members: Any) -> dict[str, Any]:
    """A target that does not exist, with a dead-letter queue."""
    return {"Arn": MISSING, "DeadLetterConfig": {"Arn": arn("dead")}} | members


def policy(retries: int = DEFAULT_RETRIES, age: int = DEFAULT_EVENT_AGE) -> dict[str, Any]:
    return {"RetryPolicy": {"MaximumRetryAttempts": retries, "MaximumEventAgeInSeconds": age}}


async def sleep(house: House, seconds: float) -> None:
    """Let time pass up to so many seconds after the beginning."""
    await asyncio.sleep(seconds - house.loop.time())


def test_waits_between_retries_double_and_the_most_retries_fill_the_greatest_age() -> None:
    waits = [retry_wait(attempts) for attempts in range(1, DEFAULT_RETRIES + 1)]
    assert waits[:10] == [1000, 2000, 4000, 8000, 16000, 32000, 64000, 128_000, 256_000, 480_000]
    assert set(waits[9:]) == {480_000}
    assert 0.9 * DEFAULT_EVENT_AGE < sum(waits) / 1000 < DEFAULT_EVENT_AGE


def test_an_invocation_is_tried_again_until_its_queue_exists(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), target=target(), ActionAfterCompletion="DELETE")
        await sleep(house, 20)
        assert await house.names() == ["s"]  # still to be delivered
        await house.sqs.create_queue(QueueName="missing")
        await sleep(house, 100)
        (message,) = await house.messages("missing")
        # Attempts at 10, 11, 13, 17 and 25 seconds.
        assert json.loads(message["Body"]) == {"time": "2026-09-21T14:13:30Z", "attempt": "5"}
        assert int(message["Attributes"]["SentTimestamp"]) == START + 25_000
        assert await house.dead() == []
        assert await house.names() == []

    run_virtually(main)


def test_retries_do_not_hold_up_the_next_times(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule("rate(1 minute)", target=target())
        await sleep(house, 90)
        await house.sqs.create_queue(QueueName="missing")
        await sleep(house, 130)
        bodies = sorted(json.loads(message["Body"])["time"][14:19] for message in await house.messages("missing"))
        assert bodies == ["13:20", "14:20", "15:20"]

    run_virtually(main)


def test_after_the_most_attempts_the_dead_letter_queue_is_told_all(run_virtually: Any) -> None:
    """ "Configuring a schedule's dead-letter queue", EventBridge Scheduler User Guide."""

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        text = "attempt <aws.scheduler.attempt-number>"
        await house.schedule(at(10), target=target(**policy(retries=2), Input=text), ActionAfterCompletion="DELETE")
        await sleep(house, 12)
        assert await house.dead() == []
        await sleep(house, 100)
        (event,) = await house.dead()
        assert len(event.pop("EXECUTION_ID")) == 16
        assert json.loads(event.pop("body")) == {
            "MessageBody": "attempt 3",
            "QueueUrl": "http://127.0.0.1:4566/000000000000/missing",
        }
        assert event == {
            "ERROR_CODE": "AWS.SimpleQueueService.NonExistentQueue",
            "ERROR_MESSAGE": "The specified queue does not exist.",
            "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": "2",
            "SCHEDULED_TIME": "2026-09-21T14:13:30Z",
            "SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/s",
            "TARGET_ARN": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        }
        assert await house.names() == []

    run_virtually(main)


def test_with_no_retries_a_failure_is_final(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), target=target(**policy(retries=0)))
        await sleep(house, 10.5)
        (event,) = await house.dead()
        assert event["RETRY_ATTEMPTS"] == "0"
        assert event["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"

    run_virtually(main)


def test_an_event_that_grows_too_old_has_its_last_attempt_at_the_very_end(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), target=target(**policy(age=60)))
        await sleep(house, 69)
        assert await house.dead() == []
        await sleep(house, 71)
        (event,) = await house.dead()
        # Attempts after 0, 1, 3, 7, 15, 31 seconds, and after 60 instead of 63.
        assert event["RETRY_ATTEMPTS"] == "6"
        assert event["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"

    run_virtually(main)


@pytest.mark.parametrize(
    ("request_text", "code"),
    [
        (
            '{"QueueUrl": "http://127.0.0.1:4566/000000000000/q", "MessageBody": "x", "DelaySeconds": 901}',
            "InvalidParameterValue",
        ),
        ('{"QueueUrl": "http://127.0.0.1:4566/000000000000/q"}', "ValidationException"),
        ('{"QueueUrl": 7, "MessageBody": "x"}', "ValidationException"),
    ],
)
def test_what_can_never_succeed_is_not_tried_again(run_virtually: Any, request_text: str, code: str) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        universal = target(Arn="arn:aws:scheduler:::aws-sdk:sqs:sendMessage", Input=request_text)
        await house.schedule(at(10), target=universal)
        await sleep(house, 10.5)
        (event,) = await house.dead()
        assert event["ERROR_CODE"] == code
        assert event["body"] == request_text
        assert "EXHAUSTED_RETRY_CONDITION" not in event

    run_virtually(main)


def test_without_a_dead_letter_queue_or_with_a_missing_one_the_event_is_lost(
    run_virtually: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), "none", target={"Arn": MISSING, **policy(retries=0)})
        gone = target(DeadLetterConfig={"Arn": arn("gone")}, **policy(retries=0))
        await house.schedule(at(10), "gone", target=gone)
        await house.schedule(at(10), "well")
        await sleep(house, 20)
        assert len(await house.sent()) == 1

    run_virtually(main)
    assert "an event is lost" in caplog.text


def test_a_payload_is_cut_to_what_the_dead_letter_queue_takes(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.sqs.create_queue(QueueName="small", Attributes={"MaximumMessageSize": "1024"})
        small = target(DeadLetterConfig={"Arn": arn("small")}, Input="x" * 2000, **policy(retries=0))
        await house.schedule(at(10), target=small)
        await sleep(house, 11)
        (message,) = await house.messages("small")
        assert message["MessageAttributes"]["IS_PAYLOAD_TRUNCATED"]["StringValue"] == "true"
        assert message["Body"].startswith('{"MessageBody":"xxx')

    run_virtually(main)


def test_deleting_a_schedule_ends_its_retries(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), target=target())
        await sleep(house, 12)
        await house.scheduler.delete_schedule(Name="s")
        await house.sqs.create_queue(QueueName="missing")
        await sleep(house, 3600)
        assert await house.messages("missing") == []
        assert await house.dead() == []

    run_virtually(main)


def test_a_fault_of_our_own_hurts_no_other_schedule(
    run_virtually: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def put_event(request: Any, function_name: str, payload: str) -> None:
        request.db.execute("DELETE FROM sqs_queues")  # undone with the rest of what it did
        raise ZeroDivisionError

    monkeypatch.setitem(sys.modules, "infra.local.lambda_.events", SimpleNamespace(put_event=put_event))

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        function = target(Arn="arn:aws:lambda:us-east-1:000000000000:function:f", **policy(retries=0))
        await house.schedule(at(10), "a", target=function)
        await house.schedule(at(10), "b")
        await sleep(house, 11)
        assert len(await house.sent()) == 1
        (event,) = await house.dead()
        assert event["ERROR_CODE"] == "AWS.Scheduler.InternalServerError"

    run_virtually(main)
    assert "could not invoke its target" in caplog.text


# Due while the server was stopped


class Times:
    """A file of schedules that is opened at one time and another; in between the clock stands still."""

    def __init__(self, path: Path):
        self.path = path

    async def open_at(self, seconds: int) -> House:
        house = House(Engine(self.path, clock=lambda: START + seconds * 1000), asyncio.get_running_loop())
        await house.names()  # an engine looks for what is due when it is first called
        await asyncio.sleep(0.02)
        return house


@pytest.fixture
def times(tmp_path: Path) -> Times:
    return Times(tmp_path / "aws.db")


async def test_a_missed_time_fires_late_within_the_allowed_age(times: Times) -> None:
    house = await (await times.open_at(0)).furnish()
    await house.schedule(at(10), "once")
    await house.schedule(at(10), "old", target={"DeadLetterConfig": {"Arn": arn("dead")}, **policy(age=60)})
    await house.engine.close()
    house = await times.open_at(1000)
    assert await house.sent() == [(10, 1000)]
    (event,) = await house.dead()
    assert event["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert event["RETRY_ATTEMPTS"] == "0"
    assert event["SCHEDULED_TIME"] == "2026-09-21T14:13:30Z"
    await house.engine.close()


async def test_of_many_missed_times_only_the_last_fires_and_the_schedule_goes_on(times: Times) -> None:
    house = await (await times.open_at(0)).furnish()
    await house.schedule("rate(7 minutes)", "rate", StartDate=date(60))
    await house.schedule("cron(* * * * ? *)", "cron")
    await house.schedule(
        "rate(1 day)", "daily", StartDate=date(60), EndDate=date(86_400), ActionAfterCompletion="DELETE"
    )
    await house.engine.close()
    year = 365 * 86_400
    house = await times.open_at(year)
    rate = 60 + (year - 60) // 420 * 420
    assert sorted(await house.sent()) == [(rate, year), (year - 20, year)]
    rows = house.engine._db.execute("SELECT name, scheduled_at FROM scheduler_schedules ORDER BY name").fetchall()
    assert {name: (moment - START) // 1000 for name, moment in rows} == {"cron": year + 40, "rate": rate + 420}
    await house.engine.close()


async def test_a_recurring_schedule_whose_last_missed_time_is_too_old_drops_it_and_goes_on(times: Times) -> None:
    house = await (await times.open_at(0)).furnish()
    tight = {"DeadLetterConfig": {"Arn": arn("dead")}, **policy(age=60)}
    await house.schedule("rate(1 day)", target=tight, StartDate=date(60))
    await house.engine.close()
    house = await times.open_at(5 * 86_400)
    assert await house.sent() == []
    (event,) = await house.dead()
    assert event["SCHEDULED_TIME"] == "2026-09-25T14:14:20Z"
    rows = house.engine._db.execute("SELECT scheduled_at FROM scheduler_schedules").fetchall()
    assert rows == [(START + (5 * 86_400 + 60) * 1000,)]
    await house.engine.close()


async def test_retries_go_on_after_a_stop(times: Times) -> None:
    house = await (await times.open_at(10)).furnish()
    await house.schedule(at(10), target=target())
    await asyncio.sleep(0.02)
    await house.sqs.create_queue(QueueName="missing")
    await house.engine.close()
    house = await times.open_at(100)
    (message,) = await house.messages("missing")
    assert json.loads(message["Body"])["attempt"] == "2"
    await house.engine.close()
