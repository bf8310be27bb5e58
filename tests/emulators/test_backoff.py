"""How long jobs wait: each kind of curve, and longer than SQS can wait, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

import pytest

from queues import Cancel, Context, Discard, Exponential, Fixed, Linear, Status, job
from queues.limits import MAX_DELAY_SECONDS, MAX_VISIBILITY_SECONDS
from tests.emulators.place import Place
from tests.emulators.process import Deployment

HOURS = 3_600


def by_attempt(attempt: int, error: BaseException) -> float | None:
    """Seconds by the attempt's number and the exception's text."""
    return None if str(error) != "busy" else attempt * attempt * 100


OPTIONS: dict[str, dict[str, Any]] = {
    "linear": {"backoff": Linear(300, jitter=0)},
    "exponential": {"backoff": Exponential(120, 5, jitter=0, cap=2 * HOURS)},
    "custom": {"backoff": by_attempt},
    "of-the-error": {"backoff": Fixed(1), "on_error": {ConnectionError: Linear(60, jitter=0)}},
}


@pytest.mark.parametrize(
    ("curve", "waits"),
    [
        ("linear", [300, 600, 900]),
        ("exponential", [120, 600, 3_000]),
        ("custom", [100, 400, 900]),
        ("of-the-error", [60, 120, 180]),
    ],
)
async def test_waits_follow_the_curve(deployment: Deployment, curve: str, waits: list[float]) -> None:
    @job("fails", attempts=4, **OPTIONS[curve])
    async def fails(_data: Any) -> None:
        raise ConnectionError("busy")

    process = await deployment.process(fails)
    made, found = await process.runtime.queue.enqueue("fails", {}), []
    for _ in waits:
        waiting = await process.run(made)
        assert waiting.status in (Status.DELAYED, Status.WAITING)
        ended = waiting.history[-1].finished_at
        assert ended is not None
        found.append((waiting.run_at - ended) / 1000)
    assert found == waits
    failed = await process.run(made)
    assert (failed.status, [one.outcome for one in failed.history]) == (Status.FAILED, ["failed"] * 4)


@pytest.mark.parametrize(("action", "status"), [(Discard, "failed"), (Cancel, "cancelled")])
async def test_an_exception_may_mean_the_end(deployment: Deployment, action: Any, status: str) -> None:
    @job("fails", attempts=4, on_error={"builtins.ConnectionError": action})
    async def fails(_data: Any) -> None:
        raise ConnectionError("gone")

    process = await deployment.process(fails)
    ended = await process.run(await process.runtime.queue.enqueue("fails", {}))
    assert (ended.status.value, ended.attempt) == (status, 1)


async def test_a_wait_beyond_what_sqs_can_hide(deployment: Deployment) -> None:
    seconds = MAX_VISIBILITY_SECONDS + HOURS

    @job("fails", attempts=2, backoff=Fixed(seconds, jitter=0))
    async def fails(_data: Any, ctx: Context) -> str:
        if ctx.attempt == 1:
            raise ConnectionError("busy")
        return "at last"

    process = await deployment.process(fails)
    made = await process.runtime.queue.enqueue("fails", {})
    waiting = await process.run(made)
    assert waiting.run_at - process.clock() > MAX_VISIBILITY_SECONDS * 1000
    depth = await process.runtime.queues.depth("fails")
    assert (depth.visible, depth.in_flight, depth.delayed) == (0, 0, 1), "a long wait is spent as a delayed message"
    assert (await process.run(made)).result == "at last"


async def test_a_delay_beyond_what_sqs_can_delay(deployment: Deployment) -> None:
    @job("later")
    async def later(_data: Any) -> str:
        return "on time"

    process = await deployment.process(later)
    made = await process.runtime.queue.enqueue("later", {}, delay=2 * MAX_DELAY_SECONDS)
    depth = await process.runtime.queues.depth("later")
    assert (depth.visible, depth.in_flight, depth.delayed) == (0, 0, 1)
    done = await process.run(made)
    assert done.result == "on time"
    assert done.started_at is not None
    assert done.started_at >= made.run_at


def test_a_second_is_waited_for(place: Place) -> None:
    backoff = {"type": "exponential", "delay": 1_000, "factor": 1, "jitter": 0}
    done = place.ended(place.enqueue("hello", {"name": "Ada", "failures": 1}, backoff=backoff)["id"])
    first, second = done["history"]
    assert (first["outcome"], second["outcome"]) == ("failed", "completed")
    assert first["finishedAt"] < second["startedAt"]
