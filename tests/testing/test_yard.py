"""Jobs in a test: run when asked, through production's path, by a clock that the test moves."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import orjson
import pytest

from infra.local import virtual
from queues import NewJob, Status
from queues.catalog import Catalog
from queues.errors import UnknownJobType
from queues.log_line import LogLine
from queues.testing import BlockingYard, NeverEnds, Ran, TimeStandsStill, Yard, open_yard
from tests.testing import jobs
from tests.testing.jobs import Order, greet, plain

DAY = 86_400


def told(ran: list[Ran]) -> list[tuple[str, str]]:
    return [(one.type, one.outcome) for one in ran]


async def test_a_job_runs_when_it_is_drained_and_not_before(jobyard: Yard) -> None:
    job = await jobyard.queue.enqueue(greet, Order(size=3))
    assert (await jobyard.queue.get(job.id)).status is Status.WAITING
    (ran,) = await jobyard.drain()
    assert (ran.type, ran.outcome, ran.result, ran.error) == ("greet", "completed", "hello 3", None)
    assert ran.job.logs == (LogLine(jobyard.clock(), 1, "greeting 3"),)
    assert (ran.job.progress, ran.job.note) == (100, "half way")
    assert await jobyard.drain() == []


async def test_what_a_job_printed_is_shown(jobyard: Yard, capsys: pytest.CaptureFixture[str]) -> None:
    job = await jobyard.queue.enqueue(greet, Order(size=3))
    await jobyard.drain()
    assert capsys.readouterr().out == f"greet {job.id} attempt 1 | greeting 3\n"


async def test_a_delayed_job_waits_for_the_clock(jobyard: Yard) -> None:
    job = await jobyard.queue.enqueue("greet", {}, delay=900)
    assert await jobyard.drain() == []
    assert (await jobyard.queue.get(job.id)).status is Status.DELAYED
    await jobyard.advance(minutes=15)
    assert told(await jobyard.drain()) == [("greet", "completed")]


async def test_a_long_delay_whose_message_is_renewed_each_quarter_of_an_hour(jobyard: Yard) -> None:
    await jobyard.queue.enqueue("greet", {}, delay=2 * DAY)
    assert await jobyard.work(days=1, hours=23, minutes=59) == []
    assert told(await jobyard.work(minutes=1)) == [("greet", "completed")]


async def test_a_retry_has_its_turn_after_its_backoff(jobyard: Yard) -> None:
    await jobyard.queue.enqueue("greet", {"failures": 1})
    (first,) = await jobyard.drain()
    assert (first.outcome, first.error) == ("failed", "ConnectionError: nobody there")
    assert repr(first).endswith("attempt 1: failed, ConnectionError: nobody there>")
    await jobyard.advance(seconds=9)
    assert await jobyard.drain() == []
    await jobyard.advance(seconds=1)
    assert [(one.attempt.number, one.outcome) for one in await jobyard.drain()] == [(2, "completed")]


async def test_a_job_that_fails_for_good_is_in_the_dead_letter_queue(jobyard: Yard) -> None:
    job = await jobyard.queue.enqueue("greet", {"failures": 9})
    assert told(await jobyard.work(minutes=1)) == [("greet", "failed")] * 3
    assert [one.id for one in (await jobyard.queue.dead_letters("greet")).jobs] == [job.id]
    await jobyard.queue.retry(job.id)
    assert [one.attempt.number for one in await jobyard.drain()] == [4]


async def test_ended_jobs_go_after_their_retention(jobyard: Yard) -> None:
    await jobyard.queue.enqueue("greet", {})
    await jobyard.drain()
    await jobyard.advance(days=6)
    assert len(jobyard.enqueued("greet")) == 1
    await jobyard.advance(days=2)
    assert jobyard.enqueued() == []
    jobyard.refute_enqueued()


async def test_all_outcomes(jobyard: Yard) -> None:
    await jobyard.queue.enqueue("nap", {"size": 2})
    await jobyard.queue.enqueue("nap", {"size": 0})
    await jobyard.queue.enqueue("stuck", {})
    await jobyard.queue.enqueue("greet", {}, expires_in=60, job_id="expires")
    await jobyard.advance(minutes=2)
    assert sorted(told(await jobyard.drain())) == [
        ("greet", "expired"),
        ("nap", "discarded"),
        ("nap", "snoozed"),
        ("stuck", "timeout"),
    ]
    assert told(await jobyard.work(hours=2)) == [("nap", "snoozed"), ("nap", "completed")]


async def test_a_paused_queue_is_not_drained(jobyard: Yard) -> None:
    functions = jobyard.aws.client("lambda")
    (mapping,) = (await functions.list_event_source_mappings(FunctionName="jobyard-greet"))["EventSourceMappings"]
    job = await jobyard.queue.enqueue("greet", {})
    await functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    assert await jobyard.work(hours=1) == []
    with pytest.raises(TimeStandsStill, match="is it paused"):
        await jobyard.queue.wait(job.id)
    await functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    assert ("greet", "completed") in told(await jobyard.drain())


async def test_a_schedule_that_invokes_a_job_s_function(jobyard: Yard, capsys: pytest.CaptureFixture[str]) -> None:
    function = jobyard.aws.engine.functions["jobyard-greet"]
    await jobyard.aws.scheduler.create_schedule(
        Name="daily",
        ScheduleExpression="cron(0 8 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function.arn, "RoleArn": "arn:aws:iam::000000000000:role/any", "Input": '{"size": 8}'},
    )
    await jobyard.advance(days=3)
    assert capsys.readouterr().out.count("greeting 8") == 3


async def test_an_asynchronous_invocation_is_retried_after_one_and_two_minutes(
    jobyard: Yard, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = orjson.dumps({"failures": 9})
    await jobyard.aws.client("lambda").invoke(FunctionName="jobyard-greet", InvocationType="Event", Payload=payload)
    counts = []
    for minutes in (0, 1, 1, 1, 60):
        await jobyard.advance(minutes=minutes)
        counts.append(capsys.readouterr().out.count("greeting"))
    assert counts == [1, 1, 0, 1, 0]


async def test_work_in_the_background_that_does_not_end_is_an_error(
    jobyard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual, "PATIENCE", 0.01)
    invoke = jobyard.aws.client("lambda").invoke
    await invoke(FunctionName="jobyard-stuck", InvocationType="Event", Payload=b"{}")
    with pytest.raises(virtual.StillBusy, match="waits for the clock"):
        await jobyard.advance(seconds=1)


async def test_metrics_that_a_job_prints_are_in_cloudwatch(known_yard: Yard) -> None:
    await known_yard.queue.enqueue("count", {"size": 7})
    (ran,) = await known_yard.drain()
    assert ran.job.logs == ()
    now = known_yard.clock.moment
    reply = await known_yard.aws.cloudwatch.get_metric_statistics(
        Namespace="Shop",
        MetricName="Size",
        StartTime=now - timedelta(minutes=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in reply["Datapoints"]] == [7.0]


async def test_a_job_that_enqueues_itself_for_ever_is_an_error(known_yard: Yard) -> None:
    await known_yard.queue.enqueue("loop", {})
    with pytest.raises(NeverEnds, match=r"more than 50 messages were delivered \(51 of 'loop'\)"):
        await known_yard.drain(limit=50)


async def test_a_job_may_wait_for_jobs_of_its_own(known_yard: Yard) -> None:
    job = await known_yard.queue.enqueue("parent", {"count": 2})
    assert (await known_yard.queue.wait(job.id)).result == ["hello 0", "hello 1"]


async def test_waiting_for_a_job_moves_the_clock_to_its_end(jobyard: Yard) -> None:
    job = await jobyard.queue.enqueue("greet", {"failures": 2}, delay=3600)
    seen: list[str] = []
    ended = await jobyard.queue.wait(job.id, on_progress=lambda job: seen.append(job.status))
    assert (ended.result, jobyard.clock() - job.created_at) == ("hello 1", 3_620_000)
    assert seen[-1] == "completed"
    late = await jobyard.queue.for_tenant("acme").enqueue("greet", {}, delay=60)
    with pytest.raises(TimeoutError, match="is delayed after 10 s"):
        await jobyard.queue.for_tenant("acme").wait(late.id, timeout=10)


async def test_in_inline_mode_a_job_has_run_when_it_is_enqueued(known_yard: Yard) -> None:
    known_yard.inline = True
    assert (await known_yard.queue.enqueue("greet", {})).result == "hello 1"
    assert (await known_yard.queue.enqueue("greet", {}, delay=5)).status is Status.DELAYED
    many = [NewJob("greet", {"size": 2}), NewJob("plain", {})]
    assert [job.status for job in await known_yard.queue.enqueue_many(many)] == ["completed", "completed"]
    parent = await known_yard.queue.for_tenant("acme").enqueue("parent", {"count": 0})
    assert parent.status is Status.COMPLETED
    with pytest.raises(NeverEnds):
        await known_yard.queue.enqueue("loop", {})


async def test_plain_functions_run_inline(jobyard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.time, "sleep", lambda _seconds: None)
    await jobyard.queue.enqueue(plain, Order(size=99))
    (ran,) = await jobyard.drain()
    assert (ran.outcome, ran.result) == ("completed", os.getpid())
    assert ran.job.logs == (LogLine(jobyard.clock(), 1, "size 99"),)


class TestProcesses:
    @pytest.fixture
    def jobyard_processes(self) -> bool:
        return True

    async def test_plain_functions_run_in_processes_that_can_be_killed(self, jobyard: Yard) -> None:
        await jobyard.queue.enqueue(plain, Order(size=1), timeout=30)
        await jobyard.queue.enqueue(plain, Order(size=99), timeout=0.5)
        await jobyard.queue.enqueue(greet, Order(size=1))
        ran = {(one.type, one.outcome): one for one in await jobyard.drain()}
        assert set(ran) == {("plain", "completed"), ("plain", "timeout"), ("greet", "completed")}
        assert ran["plain", "completed"].result != os.getpid()


async def test_what_is_no_exception_ends_the_test_and_not_the_job(
    jobyard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_seconds: float) -> None:
        pytest.fail("not here")

    monkeypatch.setattr(jobs.time, "sleep", fails)
    await jobyard.queue.enqueue(plain, {})
    with pytest.raises(pytest.fail.Exception, match="not here"):
        await jobyard.drain()


def test_the_blocking_twin(blocking_jobyard: BlockingYard) -> None:
    yard = blocking_jobyard
    job = yard.queue.enqueue("greet", {"failures": 1}, delay=60)
    assert yard.drain() == []
    yard.advance(minutes=1)
    assert told(yard.drain()) == [("greet", "failed")]
    assert yard.queue.wait(job.id).result == "hello 1"
    assert yard.queue.counts()[0].waiting == 0
    yard.assert_enqueued("greet", {"failures": 1}, count=1)
    yard.queue.enqueue(plain, {}, delay=30)
    assert told(yard.work(minutes=1)) == [("plain", "completed")]
    yard.advance_to(yard.clock.moment.replace(year=2027))
    assert yard.run_job("greet", {"size": 4}) == "hello 4"
    yard.inline = True
    assert yard.inline
    assert yard.queue.enqueue("greet", {"size": 5}).result == "hello 5"
    assert yard.run(yard.aws.sqs.list_queues())["QueueUrls"]


def test_two_runs_are_the_same() -> None:
    async def run(yard: Yard) -> list[Any]:
        jobs = [await yard.queue.enqueue("greet", {"failures": 1}) for _ in range(3)]
        ran = await yard.work(minutes=1)
        return [*(job.id for job in jobs), *map(repr, ran)]

    found = []
    for _ in range(2):
        with open_yard([greet]) as yard:
            found.append(asyncio.run(run(yard)))
    assert found[0] == found[1]


async def test_a_yard_can_be_opened_while_a_loop_runs() -> None:
    with open_yard(Catalog([greet])) as yard:
        await yard.queue.enqueue("greet", {})
        assert told(await yard.drain()) == [("greet", "completed")]


async def test_the_catalog_is_the_environment_s_unless_one_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_JOBS", "functions.catalog")
    with open_yard() as yard:
        assert "hello" in yard.catalog.names
        with pytest.raises(UnknownJobType, match="did you mean 'hello'"):
            yard.refute_enqueued("helo")


def test_production_pays_for_none_of_it() -> None:
    script = """
import sys, queues, queues.runtime, infra.worker
assert "queues.testing" not in sys.modules and "pytest" not in sys.modules
import queues.testing
assert not [name for name in sys.modules if name.startswith("infra.local.virtual")]
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
