"""A job type's function invoked with data: what its outcomes are to the caller."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from queues import job
from queues.direct import DirectFailure, run_directly
from queues.errors import InvalidData
from queues.job import ErrorInfo
from queues.outcome import Cancelled, Interrupted, Lost, Outcome, Raised, Returned, Snoozed, TimedOut


@job("twice", timeout=30)
async def twice(data: int) -> int:
    return 2 * data


@job("plain", timeout=30)
def plain(data: int) -> int:
    return data


class Attempts:
    """Answers an outcome, and remembers what it was asked for."""

    def __init__(self, outcome: Outcome):
        self.outcome = outcome
        self.turns = asyncio.Semaphore(1)
        self.asked: tuple[Any, ...] = ()

    def free_process(self) -> asyncio.Semaphore:
        return self.turns

    async def run(self, job_type: Any, made: Any, running: Any, seconds: float) -> Outcome:
        self.asked = (job_type.name, made.id, made.data, seconds, self.turns.locked())
        running.report.lines.append("said on the way")
        return self.outcome


def context(milliseconds: int = 100_000) -> Any:
    return SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: milliseconds)


async def direct(outcome: Outcome, job_type: Any = twice, **options: Any) -> tuple[Any, Attempts]:
    attempts: Any = Attempts(outcome)
    return await run_directly(job_type, 4, context(**options), attempts), attempts


async def test_the_result_is_plain_json_and_what_was_said_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    result, attempts = await direct(Returned('{"a": [1]}'))
    assert result == {"a": [1]}
    assert attempts.asked == ("twice", "request", 4, 30, False)
    assert capsys.readouterr().out == "said on the way\n"


async def test_the_invocations_time_is_the_handlers() -> None:
    _, attempts = await direct(Returned("1"), milliseconds=5_000)
    assert attempts.asked[3] == 5


async def test_a_plain_function_waits_for_a_free_process() -> None:
    _, attempts = await direct(Returned("1"), plain)
    assert attempts.asked[-1] is True


@pytest.mark.parametrize(
    ("outcome", "kind", "message"),
    [
        (Raised(ErrorInfo("KeyError", "'x'", "line 1\nline 2\n")), "KeyError", "'x'"),
        (TimedOut(3), "Timeout", "the handler ran longer than 3 s"),
        (Lost("killed by signal 9"), "Lost", "killed by signal 9"),
        (Cancelled("not wanted"), "Cancel", "not wanted"),
        (Snoozed(60), "Snooze", "asked to run again in 60 s, but only a job can"),
        (Interrupted(), "Interrupted", "the process is stopping"),
    ],
)
async def test_all_else_is_an_error(outcome: Outcome, kind: str, message: str) -> None:
    with pytest.raises(DirectFailure) as caught:
        await direct(outcome)
    assert (caught.value.error_type, str(caught.value)) == (kind, message)


async def test_the_trace_of_where_it_was_raised_is_kept() -> None:
    with pytest.raises(DirectFailure) as caught:
        await direct(Raised(ErrorInfo("KeyError", "'x'", "line 1\nline 2\n")))
    assert caught.value.stack_trace == ["line 1\n", "line 2\n"]


async def test_only_data_that_the_model_takes() -> None:
    attempts: Any = Attempts(Returned("1"))
    with pytest.raises(InvalidData):
        await run_directly(twice, object(), context(), attempts)
    assert attempts.asked == ()
