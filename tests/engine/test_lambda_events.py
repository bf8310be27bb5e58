"""Asynchronous invocations: delivered at least once over restarts, retried as AWS does, their ends told to queues."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra.local.engine import Engine
from infra.local.lambda_.events import put_event
from infra.local.request import Request
from queues.clock import system_clock
from tests.engine.conftest import START, virtually
from tests.engine.lambda_functions import QUEUE_ARN, add

#: A test in virtual time.
Main = Callable[[Engine, Any], Coroutine[Any, Any, None]]


class Recorder:
    """A function that remembers its calls and fails as often as it is told to."""

    def __init__(self, loop: Any, failures: int = 0, takes: float = 0):
        self.loop, self.failures, self.takes = loop, failures, takes
        self.calls: list[tuple[float, Any]] = []
        self.ids: set[str] = set()
        self.running = self.most = 0

    async def __call__(self, event: Any, context: Any) -> str:
        self.calls.append((round(self.loop.time(), 3), event))
        self.ids.add(context.aws_request_id)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.running -= 1
        if self.failures:
            self.failures -= 1
            raise ValueError("not today")
        return "done"


async def send(engine: Engine, payload: Any = None, name: str = "work") -> None:
    client: Any = engine.client("lambda")
    reply = await client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(payload))
    assert reply["StatusCode"] == 202


def rows(engine: Engine) -> int:
    (count,) = engine._db.execute("SELECT count(*) FROM lambda_events").fetchone()
    return int(count)


async def records(engine: Engine, queue: str) -> list[Any]:
    sqs: Any = engine.client("sqs")
    url = (await sqs.get_queue_url(QueueName=queue))["QueueUrl"]
    messages = (await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


async def with_destinations(engine: Engine, **settings: Any) -> None:
    sqs: Any = engine.client("sqs")
    for name in ("good", "bad"):
        await sqs.create_queue(QueueName=name)
    ends = {"OnSuccess": {"Destination": QUEUE_ARN + "good"}, "OnFailure": {"Destination": QUEUE_ARN + "bad"}}
    client: Any = engine.client("lambda")
    await client.put_function_event_invoke_config(FunctionName="work", DestinationConfig=ends, **settings)


def test_an_event_runs_at_once_and_once() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop)
        add(engine, "work", work)
        await send(engine, {"a": 1})
        await asyncio.sleep(1_000)
        assert work.calls == [(0, {"a": 1})]
        assert rows(engine) == 0

    virtually(main)


def test_a_failed_event_is_retried_after_one_and_two_minutes() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop, failures=2, takes=5)
        add(engine, "work", work)
        await send(engine)
        await asyncio.sleep(1_000)
        assert [time for time, _ in work.calls] == [0, 65, 190]
        assert len(work.ids) == 1
        assert rows(engine) == 0

    virtually(main)


def test_an_event_whose_retries_fail_is_dropped() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop, failures=100)
        add(engine, "work", work)
        await send(engine)
        await asyncio.sleep(30_000)
        assert len(work.calls) == 3
        assert rows(engine) == 0

    virtually(main)


def test_destinations_hear_of_the_end() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop, failures=1)
        add(engine, "work", work)
        await with_destinations(engine, MaximumRetryAttempts=0)
        await send(engine, {"n": 1})
        await asyncio.sleep(1)
        await send(engine, {"n": 2})
        await asyncio.sleep(1)
        (failure,), (success,) = await records(engine, "bad"), await records(engine, "good")
        assert failure["requestContext"]["condition"] == "RetriesExhausted"
        assert failure["requestContext"]["approximateInvokeCount"] == 1
        assert failure["requestContext"]["functionArn"].endswith(":function:work:$LATEST")
        assert failure["requestPayload"] == {"n": 1}
        assert failure["responseContext"] == {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        }
        assert failure["responsePayload"]["errorMessage"] == "not today"
        assert failure["responsePayload"]["requestId"] == failure["requestContext"]["requestId"]
        assert success["requestContext"]["condition"] == "Success"
        assert success["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
        assert success["responsePayload"] == "done"
        assert success["timestamp"].endswith("Z")

    virtually(main)


def test_an_event_that_grows_too_old_is_given_up() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop, failures=5, takes=20)
        add(engine, "work", work)
        await with_destinations(engine, MaximumEventAgeInSeconds=60)
        await send(engine)
        await asyncio.sleep(21)
        (record,) = await records(engine, "bad")
        assert record["requestContext"]["condition"] == "EventAgeExceeded"
        assert len(work.calls) == 1

    virtually(main)


def test_events_wait_while_nothing_may_run_and_then_run_or_grow_old() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop)
        add(engine, "work", work)
        await with_destinations(engine, MaximumEventAgeInSeconds=120)
        client: Any = engine.client("lambda")
        await client.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)
        await send(engine, "old")
        await asyncio.sleep(100)
        await send(engine, "young")
        await asyncio.sleep(50)
        assert work.calls == []
        (record,) = await records(engine, "bad")
        assert record["requestPayload"] == "old"
        assert record["requestContext"]["approximateInvokeCount"] == 0
        assert "responsePayload" not in record
        await client.delete_function_concurrency(FunctionName="work")
        await asyncio.sleep(0.1)
        assert work.calls == [(150, "young")]

    virtually(main)


def test_no_more_run_at_once_than_the_function_is_good_for() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop, takes=10)
        add(engine, "work", work, concurrency=3, timeout=60)
        await asyncio.gather(*[send(engine, number) for number in range(7)])
        await asyncio.sleep(100)
        assert work.most == 3
        assert [time for time, _ in work.calls] == [0, 0, 0, 10, 10, 10, 20]
        assert sorted(event for _, event in work.calls) == list(range(7))

    virtually(main)


def test_a_large_backlog_is_started_in_bounded_ticks() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop)
        add(engine, "work", work, concurrency=1_000)
        await asyncio.gather(*[send(engine, number) for number in range(350)])
        await asyncio.sleep(0.5)
        assert sorted(event for _, event in work.calls) == list(range(350))

    virtually(main)


def test_a_run_longer_than_the_first_interval_is_not_started_twice() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop, takes=500)
        add(engine, "work", work, timeout=900)
        await send(engine)
        for _ in range(20):
            await asyncio.sleep(30)
            await engine.client("sqs").list_queues()
        assert len(work.calls) == 1

    virtually(main)


async def test_events_outlive_the_process(tmp_path: Path, clock: Any) -> None:
    """The first process dies while one event runs and another waits."""
    started = asyncio.Event()

    async def hangs(event: Any, context: Any) -> None:
        started.set()
        await asyncio.sleep(3_600)

    first = Engine(tmp_path / "aws.db", clock=clock)
    add(first, "work", hangs, concurrency=1)
    await send(first, "running")
    await send(first, "waiting")
    await started.wait()
    await first.close()
    clock.move(2)

    seen: list[Any] = []

    async def works(event: Any, context: Any) -> None:
        seen.append(event)

    second = Engine(tmp_path / "aws.db", clock=clock)
    add(second, "work", works)
    await second.client("sqs").list_queues()
    for _ in range(100):
        await asyncio.sleep(0.001)
    assert sorted(seen) == ["running", "waiting"]
    assert rows(second) == 0
    await second.close()


async def test_an_event_that_kills_its_process_comes_back_later_and_later(tmp_path: Path, clock: Any) -> None:
    starts: list[float] = []
    for _ in range(4):
        engine = Engine(tmp_path / "aws.db", clock=clock)
        started = asyncio.Event()

        async def dies(event: Any, context: Any, started: asyncio.Event = started) -> None:
            starts.append((clock.now - START) / 1000)
            started.set()
            await asyncio.sleep(3_600)

        add(engine, "work", dies)
        if not starts:
            await send(engine)
        while not started.is_set():
            await engine.client("sqs").list_queues()
            clock.move(0.5)
            engine._ticker._run()
            await asyncio.sleep(0.001)
        await engine.close()
    gaps = [later - sooner for sooner, later in pairwise(starts)]
    assert gaps[0] >= 1
    assert gaps[1] >= 2
    assert gaps[2] >= 4


def test_an_event_of_a_function_that_is_not_here_waits() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        add(engine, "work", Recorder(loop))
        client: Any = engine.client("lambda")
        await client.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)
        await send(engine)
        del engine.functions["work"]
        await client.list_functions()
        await asyncio.sleep(100)
        assert rows(engine) == 1

    virtually(main)


async def test_put_event_is_for_other_services(engine: Engine) -> None:
    seen = asyncio.Queue[Any]()

    async def work(event: Any, context: Any) -> None:
        seen.put_nowait(event)

    add(engine, "work", work)

    def fire(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        put_event(request, params["name"], '{"from": "a schedule"}')
        return {}

    await engine.submit(fire, {"name": "work"})
    await engine.submit(fire, {"name": "arn:aws:lambda:us-east-1:000000000000:function:work"})
    assert await asyncio.wait_for(seen.get(), 5) == {"from": "a schedule"}
    assert await asyncio.wait_for(seen.get(), 5) == {"from": "a schedule"}
    with pytest.raises(Exception, match="Function not found"):
        await engine.submit(fire, {"name": "gone"})


async def test_the_older_action_queues_events_too(engine: Engine) -> None:
    seen = asyncio.Queue[Any]()

    async def work(event: Any, context: Any) -> None:
        seen.put_nowait(event)

    add(engine, "work", work)
    client: Any = engine.client("lambda")
    assert (await client.invoke_async(FunctionName="work", InvokeArgs=b"[1]"))["Status"] == 202
    assert await asyncio.wait_for(seen.get(), 5) == [1]


#: A process that accepts events whose function never ends, and says so.
VICTIM = """
import asyncio, sys
from pathlib import Path
from infra.local.engine import Engine
from tests.engine.lambda_functions import add

async def hangs(event, context):
    await asyncio.sleep(3_600)

async def main():
    engine = Engine(Path(sys.argv[1]))
    add(engine, "work", hangs, concurrency=7)
    client = engine.client("lambda")
    await asyncio.gather(*[
        client.invoke(FunctionName="work", InvocationType="Event", Payload=str(number)) for number in range(20)
    ])
    await asyncio.sleep(0.05)
    print("accepted", flush=True)
    await asyncio.sleep(3_600)

asyncio.run(main())
"""


@pytest.mark.slow
async def test_kill_9_loses_no_event(tmp_path: Path) -> None:
    path = tmp_path / "aws.db"
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert victim.stdout is not None
    assert await asyncio.wait_for(victim.stdout.readline(), 30) == b"accepted\n"
    victim.kill()
    await victim.wait()

    seen: list[int] = []

    async def works(event: Any, context: Any) -> None:
        seen.append(event)

    engine = Engine(path, clock=lambda: system_clock() + 10_000)
    add(engine, "work", works, concurrency=7)
    await engine.client("sqs").list_queues()
    async with asyncio.timeout(10):
        while True:
            if not rows(engine):
                break
            await asyncio.sleep(0.01)
    await engine.close()
    assert sorted(seen) == list(range(20))


def test_a_function_that_is_put_away_starts_no_event_and_burns_no_retry() -> None:
    async def main(engine: Engine, loop: Any) -> None:
        work = Recorder(loop, failures=1, takes=5)
        function = add(engine, "work", work, concurrency=1)
        await send(engine, "running")
        await send(engine, "waiting")
        await asyncio.sleep(1)
        function.stopping = True
        await asyncio.sleep(100)
        assert [event for _, event in work.calls] == ["running"]
        assert engine._db.execute("SELECT sum(failures), count(*) FROM lambda_events").fetchone() == (0, 2)

    virtually(main)
