"""Schedules that fire, in virtual time: when, how often, with what, and what is left of them."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.errors import AwsError
from infra.local.scheduler.firing import tick
from infra.local.scheduler.limits import AWS_PRECISION
from tests.engine.conftest import START
from tests.engine.scheduled import ROLE, House, arn, at, date


async def sleep(house: House, seconds: float) -> None:
    """Let time pass up to so many seconds after the beginning."""
    await asyncio.sleep(seconds - house.loop.time())


def test_a_rate_fires_when_it_is_made_and_every_so_often_from_there(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule("rate(5 minutes)")
        await sleep(house, 900.5)
        assert await house.sent() == [(0, 0), (300, 300), (600, 600), (900, 900)]

    run_virtually(main)


def test_cron_fires_at_the_millisecond_in_its_zone(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule("cron(15 16 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
        await sleep(house, 86_400 * 2)
        assert await house.sent() == [(100, 100), (86_500, 86_500)]

    run_virtually(main)


def test_at_fires_once_and_stays_unless_it_is_to_be_deleted(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), "stays")
        await house.schedule(at(10), "goes", ActionAfterCompletion="DELETE")
        assert await house.names() == ["goes", "stays"]
        await sleep(house, 90_000)
        assert await house.sent() == [(10, 10), (10, 10)]
        assert await house.names() == ["stays"]

    run_virtually(main)


def test_at_in_the_past_fires_at_once_also_when_it_is_enabled_late(run_virtually: Any) -> None:
    """ "Disabling or enabling one-time schedules", Troubleshooting, EventBridge Scheduler User Guide."""

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(-100_000), "past")
        await house.schedule(at(10), "late", State="DISABLED")
        await sleep(house, 20)
        assert await house.sent() == [(-100_000, 0)]
        await house.change(at(10), "late")
        await sleep(house, 21)
        assert await house.sent() == [(10, 20)]

    run_virtually(main)


def test_changing_a_one_time_schedule_that_has_fired_does_not_fire_it_again(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10))
        await sleep(house, 20)
        assert len(await house.sent()) == 1
        await house.change(at(10), Description="changed")
        await house.change(at(10), State="DISABLED")
        await house.change(at(10), State="ENABLED")
        await sleep(house, 30)
        assert await house.sent() == []
        await house.change(at(40))
        await sleep(house, 50)
        assert await house.sent() == [(40, 40)]

    run_virtually(main)


def test_a_disabled_schedule_does_not_fire_and_goes_on_where_it_would_be_when_enabled(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule("rate(1 minute)")
        await sleep(house, 61)
        await house.change("rate(1 minute)", State="DISABLED")
        await sleep(house, 200)
        assert await house.sent() == [(0, 0), (60, 60)]
        await house.change("rate(1 minute)", State="ENABLED")
        await sleep(house, 301)
        assert await house.sent() == [(240, 240), (300, 300)]

    run_virtually(main)


def test_a_change_that_leaves_the_times_alone_leaves_the_next_one_alone(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule("rate(1 minute)")
        await sleep(house, 30)
        await house.change("rate(1 minute)", Description="changed")
        await sleep(house, 61)
        assert await house.sent() == [(0, 0), (60, 60)]
        await house.change("rate(2 minutes)")
        await sleep(house, 182)
        assert await house.sent() == [(61, 61), (181, 181)]

    run_virtually(main)


def test_start_and_end_bound_a_recurring_schedule(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        dates = {"StartDate": date(100), "EndDate": date(340)}
        await house.schedule("rate(2 minutes)", "rate", **dates, ActionAfterCompletion="DELETE")
        await house.schedule("cron(* * * * ? *)", "cron", **dates)
        await house.schedule("rate(1 minute)", "just-begun", StartDate=date(-60), EndDate=date(10))
        await sleep(house, 1000)
        moments = [0, 100, 100, 160, 220, 220, 280, 340, 340]
        assert await house.sent() == [(moment, moment) for moment in moments]
        assert await house.names() == ["cron", "just-begun"]

    run_virtually(main)


def test_one_time_schedules_ignore_start_and_end(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), StartDate=date(-1_000_000), EndDate=date(-2_000_000))
        await sleep(house, 20)
        assert await house.sent() == [(10, 10)]

    run_virtually(main)


def test_a_flexible_window_delays_each_time_by_its_own_share_the_same_in_every_run(run_virtually: Any) -> None:
    runs: list[list[tuple[float, float]]] = []

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule("rate(1 hour)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
        await sleep(house, 10 * 3600)
        runs.append(await house.sent())

    run_virtually(main)
    run_virtually(main)
    assert runs[0] == runs[1]
    assert [due for due, _ in runs[0]] == [hour * 3600 for hour in range(10)]
    delays = [sent - due for due, sent in runs[0]]
    assert all(0 <= delay < 900 for delay in delays)
    assert len(set(delays)) == 10


def test_a_window_that_is_longer_than_the_rate_keeps_each_time_before_the_next(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1440}
        await house.schedule("rate(1 minute)", FlexibleTimeWindow=window)
        await sleep(house, 600)
        sent = await house.sent()
        assert [due for due, _ in sent] == [minute * 60 for minute in range(10)]
        assert all(0 <= moment - due < 60 for due, moment in sent)

    run_virtually(main)


def test_a_one_time_schedule_has_a_window_too(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60})
        await sleep(house, 11)
        assert await house.sent() == []
        await sleep(house, 3611)
        ((due, sent),) = await house.sent()
        assert due == 10
        assert 11 < sent < 3610

    run_virtually(main)


def test_the_precision_of_aws_can_be_imitated(run_virtually: Any) -> None:

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule("cron(* * * * ? *)")
        await sleep(house, 1000)
        delays = [sent - due for due, sent in await house.sent()]
        assert len(delays) >= 15
        assert all(0 <= delay < 60 for delay in delays)
        assert len(set(delays)) > 10

    run_virtually(main, scheduler_precision=AWS_PRECISION)


def test_context_attributes_are_filled_in(run_virtually: Any) -> None:
    """ "Adding context attributes", EventBridge Scheduler User Guide."""

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        names = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
        text = " ".join(f"<aws.scheduler.{name}>" for name in names)
        await house.schedule(at(10), target={"Input": text + " <aws.scheduler.other>"})
        await sleep(house, 11)
        (message,) = await house.messages()
        schedule, time, execution, attempt, other = message["Body"].split(" ")
        assert schedule == "arn:aws:scheduler:us-east-1:000000000000:schedule/default/s"
        assert time == "2026-09-21T14:13:30Z"
        assert len(execution) == 16
        assert int(execution, 16) > 0
        assert (attempt, other) == ("1", "<aws.scheduler.other>")

    run_virtually(main)


def test_a_target_without_input_gets_the_default_notification(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule(at(10), target={"Input": None})
        await sleep(house, 11)
        (message,) = await house.messages()
        event = json.loads(message["Body"])
        assert len(event.pop("id")) == 36
        assert event == {
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": "000000000000",
            "time": "2026-09-21T14:13:30Z",
            "region": "us-east-1",
            "resources": ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/s"],
            "detail": "{}",
        }

    run_virtually(main)


def test_the_universal_target_sends_what_its_input_says(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        request = {
            "QueueUrl": "http://127.0.0.1:4566/000000000000/q",
            "MessageBody": "due <aws.scheduler.scheduled-time>",
            "DelaySeconds": 5,
            "MessageAttributes": {
                "text": {"DataType": "String", "StringValue": "x"},
                "bytes": {"DataType": "Binary", "BinaryValue": "AAH/"},
            },
        }
        target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": json.dumps(request)}
        await house.schedule(at(10), target=target)
        await sleep(house, 12)
        assert await house.messages() == []
        await sleep(house, 16)
        (message,) = await house.messages()
        assert message["Body"] == "due 2026-09-21T14:13:30Z"
        assert message["MessageAttributes"]["text"]["StringValue"] == "x"
        assert message["MessageAttributes"]["bytes"]["BinaryValue"] == b"\x00\x01\xff"

    run_virtually(main)


def test_a_fifo_queue_gets_its_group_and_deduplicates_by_content(run_virtually: Any) -> None:
    """SqsParameters: "the queue must have content-based deduplication enabled"."""

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        await house.sqs.create_queue(QueueName="q.fifo", Attributes=attributes)
        target = {"Arn": arn("q.fifo"), "SqsParameters": {"MessageGroupId": "g"}, "Input": "same"}
        await house.schedule("rate(1 minute)", target=target)
        await sleep(house, 200)
        (message,) = await house.messages("q.fifo")
        assert message["Attributes"]["MessageGroupId"] == "g"
        await sleep(house, 301)
        assert len(await house.messages("q.fifo")) == 1

    run_virtually(main)


def test_a_function_is_handed_the_input(run_virtually: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[tuple[str, str]] = []

    def put_event(request: Any, function_name: str, payload: str) -> None:
        if function_name == "missing":
            raise AwsError("ResourceNotFoundException", "Function not found", status=404)
        events.append((function_name, payload))

    monkeypatch.setitem(sys.modules, "infra.local.lambda_.events", SimpleNamespace(put_event=put_event))

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        function = "arn:aws:lambda:us-east-1:000000000000:function:hello"
        target = {"Arn": function, "Input": '{"n": 1}'}
        await house.schedule(at(10), "plain", target=target)
        await house.schedule(at(20), "qualified", target={"Arn": function + ":live", "Input": None})
        dead = {"DeadLetterConfig": {"Arn": arn("dead")}, "RetryPolicy": {"MaximumRetryAttempts": 0}}
        await house.schedule(at(30), "lost", target=target | dead | {"Arn": function.replace("hello", "missing")})
        await sleep(house, 31)
        assert events[0] == ("hello", '{"n": 1}')
        assert json.loads(events[1][1])["source"] == "aws.scheduler"
        (event,) = await house.dead()
        assert event["ERROR_CODE"] == "ResourceNotFoundException"
        assert event["TARGET_ARN"] == "arn:aws:scheduler:::aws-sdk:lambda:invoke"
        assert json.loads(event["body"])["Payload"] == '{"n": 1}'

    run_virtually(main)


def test_schedules_fire_into_the_queues_of_their_own_region(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        west = engine.client("scheduler", region="us-west-2")
        queues = engine.client("sqs", region="us-west-2")
        url = (await queues.create_queue(QueueName="q"))["QueueUrl"]
        target = {"Arn": "arn:aws:sqs:us-west-2:000000000000:q", "Input": "west"}
        await west.create_schedule(**house.members(at(10), "s", target))
        await sleep(house, 11)
        assert await house.messages() == []
        assert [m["Body"] for m in (await queues.receive_message(QueueUrl=url))["Messages"]] == ["west"]

    run_virtually(main)


def test_what_is_due_together_fires_together_in_bounded_ticks(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        for number in range(350):
            await house.schedule(at(10), f"s{number}")
        await sleep(house, 10.2)
        sent = await house.sent()
        assert len(sent) == 350
        assert all(due == 10 and moment < 10.1 for due, moment in sent)

    run_virtually(main)


async def test_what_is_due_next_is_found_by_an_index(engine: Any) -> None:
    from infra.local.scheduler import firing

    await engine.client("scheduler").list_schedules()
    for statement, values in ((firing.DUE, (0, 1)), (firing.NEXT_DUE, ()), (firing.RETRIES, (0, 1))):
        plan = engine._db.execute("EXPLAIN QUERY PLAN " + statement, values).fetchall()
        assert "_due" in plan[0][3], plan
        assert not any("TEMP B-TREE" in row[3] for row in plan)


def test_deleting_a_schedule_ends_it(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.schedule("rate(1 minute)")
        await sleep(house, 61)
        await house.scheduler.delete_schedule(Name="s")
        await sleep(house, 600)
        assert len(await house.sent()) == 2

    run_virtually(main)


def test_a_large_group_is_deleting_until_its_schedules_are_gone(run_virtually: Any) -> None:
    """DeleteScheduleGroup, API reference."""

    async def main(engine: Any, loop: Any) -> None:
        house = await House(engine, loop).furnish()
        await house.scheduler.create_schedule_group(Name="large")
        for number in range(1_050):
            await house.schedule("rate(1 day)", f"s{number}", GroupName="large", StartDate=date(1000))
        calls = [
            house.scheduler.delete_schedule_group(Name="large"),
            house.scheduler.get_schedule_group(Name="large"),
            house.scheduler.create_schedule(**house.members("rate(1 day)", "late", None, GroupName="large")),
        ]
        _, group, late = await asyncio.gather(*calls, return_exceptions=True)
        assert group["State"] == "DELETING"
        assert isinstance(late, ClientError)
        assert late.response["Error"]["Code"] == "ConflictException"
        await sleep(house, 1)
        assert await house.names() == []
        with pytest.raises(ClientError):
            await house.scheduler.get_schedule_group(Name="large")
        await sleep(house, 2000)
        assert await house.messages() == []

    run_virtually(main)


def test_an_idle_scheduler_plans_nothing(run_virtually: Any) -> None:
    async def main(engine: Any, loop: Any) -> None:
        await engine.client("scheduler").list_schedules()
        assert tick(engine._request) is None

    run_virtually(main)


def test_the_beginning_is_what_these_tests_take_it_for() -> None:
    assert datetime.fromtimestamp(START / 1000, UTC).isoformat() == "2026-09-21T14:13:20+00:00"
    assert ROLE.startswith("arn:aws:iam::")
