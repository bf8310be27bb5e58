"""What an exception means: by type, by class or name, by a function; deadlines; and waits longer than SQS can hide."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from queues import Cancel, Context, Discard, Exponential, Fixed, RetryAfter, Snooze, Status, job
from queues.catalog import Catalog
from queues.errors import InvalidOption
from queues.frames import BrokenFrame, outcome_frame, read_outcome
from queues.job import ErrorInfo
from queues.job_options import JobOptions
from queues.outcome import Cancelled, Outcome, Raised
from queues.policy import outcome_of, rules_of
from queues.retry import Backoff
from tests.core.house import DAY, House, Order, Process, housed, outcomes, throttled

SLOW = Exponential(60, jitter=0)
HOUR = 3_600

RULES = rules_of(
    {
        OSError: Discard,
        ConnectionError: SLOW,
        "tests.core.test_policies.Withdrawn": Cancel,
        "botocore.exceptions.ClientError": SLOW,
        "no_such_library.Error": Cancel,
        "concurrent.futures.TimeoutError": Fixed(9),
    }
)


class Withdrawn(Exception):
    """An exception that is known by its name."""


def of(error: BaseException, attempt: int = 1, **options: Any) -> Outcome:
    return outcome_of(error, None, JobOptions(**{"on_error": RULES} | options), attempt, asks_type=True)


@pytest.mark.parametrize(
    ("error", "permanent", "backoff"),
    [
        (FileNotFoundError("x"), True, None),
        (ConnectionResetError("x"), False, SLOW),
        (throttled(), False, SLOW),
        (TimeoutError("x"), False, Fixed(9)),
        (ValueError("x"), False, None),
    ],
)
def test_the_nearest_class_decides(error: Exception, permanent: bool, backoff: Backoff | None) -> None:
    outcome = of(error)
    assert isinstance(outcome, Raised)
    assert (outcome.permanent, outcome.backoff, outcome.retry_in) == (permanent, backoff, None)


def test_an_exception_may_cancel_its_job() -> None:
    assert of(Withdrawn("by the customer")) == Cancelled("Withdrawn: by the customer")


def test_what_the_handler_says_itself_comes_first() -> None:
    everything = rules_of({Exception: Discard})
    assert of(RetryAfter(5), on_error=everything) == Raised(ErrorInfo("RetryAfter", "asked to retry later"), retry_in=5)
    assert of(Cancel("no"), on_error=everything) == Cancelled("no")


def test_a_function_says_how_long_to_wait() -> None:
    def wait(attempt: int, error: BaseException) -> float | None:
        return None if isinstance(error, KeyError) else attempt * 100.0

    assert retry_in(of(ValueError(), 3, custom_backoff=wait)) == 300
    assert retry_in(of(KeyError(), 3, custom_backoff=wait)) is None
    assert retry_in(of(ConnectionError(), 3, custom_backoff=wait)) is None, "a rule for the exception is nearer"
    own = outcome_of(ValueError(), None, JobOptions(custom_backoff=wait), 3, asks_type=False)
    assert retry_in(own) is None, "the job has a curve of its own"


@pytest.mark.parametrize("answer", [-1, float("nan"), "soon", ZeroDivisionError()])
def test_a_function_that_fails_leaves_the_default_curve(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def wait(_attempt: int, _error: BaseException) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert retry_in(of(ValueError(), custom_backoff=wait)) is None
    assert capsys.readouterr().out.startswith("backoff: ")


def retry_in(outcome: Outcome) -> float | None:
    assert isinstance(outcome, Raised)
    return outcome.retry_in


@pytest.mark.parametrize(
    "rules", [{"ValueError": Discard}, {"a b.C": Discard}, {int: Discard}, {ValueError: 5}, {ValueError: Snooze}]
)
def test_a_rule_that_makes_no_sense_is_refused(rules: dict[Any, Any]) -> None:
    with pytest.raises(InvalidOption, match="on_error"):
        job("a", on_error=rules)


def test_a_curve_goes_over_the_pipe() -> None:
    outcome = Raised(ErrorInfo("E", "m"), backoff=SLOW)
    assert read_outcome(outcome_frame(outcome)) == outcome
    with pytest.raises(BrokenFrame):
        read_outcome(outcome_frame(outcome) | {"backoff": {"type": "cubic", "delay": 1}})


# --- in a deployment --------------------------------------------------------------------------------------------------


async def deploy(house: House, **options: Any) -> Process:
    """A process whose `work` has other options."""

    @job("work", **{"attempts": 3, "timeout": 300} | options)
    async def work(order: Order, ctx: Context) -> Any:
        return await house.handlers["work"](order, ctx)

    return house.process(Catalog([work]))


def failing(error: BaseException) -> Any:
    async def fail(_order: Order, ctx: Context) -> str:
        if ctx.attempt == 1:
            raise error
        return "done"

    return fail


@pytest.mark.parametrize(
    ("error", "waits"),
    [(throttled(), 15 * HOUR), (ValueError(), 7), (RetryAfter(14 * HOUR), 14 * HOUR), (Snooze(13 * HOUR), 13 * HOUR)],
)
@housed
async def test_waits_are_exact_beyond_the_twelve_hours_of_sqs_too(
    house: House, error: BaseException, waits: float
) -> None:
    house.handlers["work"] = failing(error)
    long = Fixed(15 * HOUR, jitter=0)
    process = await deploy(house, on_error={"botocore.exceptions.ClientError": long}, backoff=lambda _n, _error: 7)
    made = await process.runtime.queue.enqueue("work", {})
    assert made.backoff.curve == "custom"
    async with house.working(process, every=600):
        await asyncio.sleep(waits - 1)
        assert (await house.queue.get(made.id)).status is Status.DELAYED
        await asyncio.sleep(3)
    ended = await house.queue.get(made.id)
    assert ended.status is Status.COMPLETED
    assert ended.started_at == pytest.approx(made.created_at + waits * 1000, abs=1_100)
    assert isinstance(error, ClientError | ValueError | RetryAfter) is (ended.max_attempts == 3), "a snooze burns none"
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_jobs_own_curve_is_preferred_to_its_types_function(house: House) -> None:
    house.handlers["work"] = failing(ValueError())
    process = await deploy(house, backoff=lambda _n, _error: 1_000)
    made = await process.runtime.queue.enqueue("work", {}, backoff=Fixed(3, jitter=0))
    await process.deliver()
    assert (await house.queue.get(made.id)).run_at == house.loop.epoch_ms() + 3_000


# --- deadlines --------------------------------------------------------------------------------------------------------


@housed
async def test_a_running_attempt_is_stopped_at_the_deadline(house: House) -> None:
    house.handlers["work"] = lambda _order, _ctx: asyncio.sleep(200)
    made = await house.queue.enqueue("work", {}, deadline=timedelta(seconds=20))
    await asyncio.sleep(5)
    await house.deliver()
    ended = await house.queue.get(made.id)
    assert (ended.status, outcomes(ended)) == (Status.FAILED, ["timeout"])
    assert ended.error is not None
    assert ended.error.type == "DeadlineExceeded"
    assert ended.finished_at == made.created_at + 20_000
    assert len(await house.letters()) == 1


@housed
async def test_a_waiting_job_does_not_start_after_its_deadline(house: House) -> None:
    when = datetime.fromtimestamp(house.loop.epoch_ms() / 1000 + 20, UTC)
    made = await house.queue.enqueue("work", {}, deadline=when)
    await asyncio.sleep(20)
    await house.deliver()
    ended = await house.queue.get(made.id)
    assert (ended.status, outcomes(ended)) == (Status.FAILED, ["expired"])
    assert house.runs == []
    # A retry by hand is not bound by it.
    await house.queue.retry(made.id)
    await house.deliver()
    assert (await house.queue.get(made.id)).status is Status.COMPLETED


@pytest.mark.parametrize(("error", "type_name"), [(ValueError("x"), "ValueError"), (Snooze(30), "Expired")])
@housed
async def test_no_attempt_is_planned_for_after_the_deadline(house: House, error: BaseException, type_name: str) -> None:
    house.handlers["work"] = failing(error)
    made = await house.queue.enqueue("work", {}, deadline=10)
    await house.deliver()
    ended = await house.queue.get(made.id)
    assert ended.status is Status.FAILED, "at once: its next attempt would come too late"
    assert ended.error is not None
    assert ended.error.type == type_name


@pytest.mark.parametrize("deadline", [0, -1, 366 * DAY, 5, datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1)])
@housed
async def test_a_deadline_that_cannot_be_met_is_refused(house: House, deadline: Any) -> None:
    with pytest.raises(InvalidOption, match="deadline"):
        await house.queue.enqueue("work", {}, deadline=deadline, delay=5)


@housed
async def test_a_job_without_a_deadline_has_no_attribute_for_it(house: House) -> None:
    made = await house.queue.enqueue("work", {})
    assert replace(made, deadline_at=None) == made
    reply = await house.dynamodb.get_item(
        TableName="jobyard", Key={"pk": {"S": f"job#default#{made.id}"}, "sk": {"S": "job"}}
    )
    assert not {"deadline_at", "expires_start_at"} & reply["Item"].keys()
