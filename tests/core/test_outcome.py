"""The policy of retries as a table: what each outcome makes of a job, attempt by attempt."""

from dataclasses import replace

import pytest

from queues.job import TRANSITIONS, ErrorInfo, Job, Status
from queues.outcome import (
    Cancel,
    Cancelled,
    Discard,
    Interrupted,
    Lost,
    Outcome,
    Raised,
    Refused,
    RetryAfter,
    Returned,
    Snooze,
    Snoozed,
    TimedOut,
    raised,
    settle,
)
from queues.retry import Exponential, Fixed

NOW = 1_000_000
BOOM = ErrorInfo("ValueError", "boom", "Traceback ...")

JOB = Job(
    id="j", tenant="t", type="x", status=Status.ACTIVE, attempt=1, max_attempts=3, timeout=60,
    backoff=Exponential(5, 5, jitter=0), created_at=NOW, run_at=NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("attempt", "outcome", "status", "word", "run_at", "max_attempts"),
    [
        (1, Returned("1"), Status.COMPLETED, "completed", None, None),
        (3, Returned("1"), Status.COMPLETED, "completed", None, None),
        (1, Raised(BOOM), Status.WAITING, "failed", NOW + 5_000, None),
        (2, Raised(BOOM), Status.WAITING, "failed", NOW + 25_000, None),
        (3, Raised(BOOM), Status.FAILED, "failed", None, None),
        (4, Raised(BOOM), Status.FAILED, "failed", None, None),
        (1, Raised(BOOM, permanent=True), Status.FAILED, "discarded", None, None),
        (1, Raised(BOOM, retry_in=7), Status.WAITING, "failed", NOW + 7_000, None),
        (3, Raised(BOOM, retry_in=7), Status.FAILED, "failed", None, None),
        (1, TimedOut(2), Status.WAITING, "timeout", NOW + 5_000, None),
        (3, TimedOut(2), Status.FAILED, "timeout", None, None),
        (1, Lost("killed"), Status.WAITING, "lost", NOW + 5_000, None),
        (3, Lost("killed"), Status.FAILED, "lost", None, None),
        (3, Snoozed(9), Status.WAITING, "snoozed", NOW + 9_000, 4),
        (3, Interrupted(), Status.WAITING, "interrupted", NOW, 4),
        (1, Cancelled("no"), Status.CANCELLED, "cancelled", None, None),
        (1, Refused(ErrorInfo("InvalidData", "x")), Status.FAILED, "invalid", None, None),
        (1, Refused(ErrorInfo("Expired", "x")), Status.FAILED, "expired", None, None),
    ],
)
def test_settle(
    attempt: int, outcome: Outcome, status: Status, word: str, run_at: int | None, max_attempts: int | None
) -> None:
    fate = settle(replace(JOB, attempt=attempt), outcome, NOW, 0.5)
    assert (fate.status, fate.outcome, fate.run_at, fate.max_attempts) == (status, word, run_at, max_attempts)
    assert status in TRANSITIONS[Status.ACTIVE]
    assert (fate.error is None) == (word in ("completed", "snoozed", "interrupted"))


@pytest.mark.parametrize(
    ("seconds", "deadline", "name", "status"),
    [
        (2, NOW, "DeadlineExceeded", Status.FAILED),
        # A timer may be early: the loop counts from the beginning of its turn, and the wall clock is another one.
        (2, NOW + 40, "DeadlineExceeded", Status.FAILED),
        (60, NOW + 40, "Timeout", Status.WAITING),
        (2, NOW + 5_000, "Timeout", Status.WAITING),
    ],
)
def test_what_stopped_an_attempt_before_its_own_timeout(
    seconds: float, deadline: int, name: str, status: Status
) -> None:
    job = replace(JOB, deadline_at=deadline, backoff=Fixed(0))
    fate = settle(job, TimedOut(seconds), NOW, 0.5)
    assert fate.error is not None
    assert (fate.status, fate.outcome, fate.error.type) == (status, "timeout", name)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Discard("not a mesh"), Raised(ErrorInfo("Discard", "not a mesh", "tb"), permanent=True)),
        (Snooze(3), Snoozed(3)),
        (Snooze(-3), Snoozed(0)),
        (RetryAfter(4, "busy"), Raised(ErrorInfo("RetryAfter", "busy"), retry_in=4)),
        (Cancel("withdrawn"), Cancelled("withdrawn")),
        (KeyError("x"), Raised(ErrorInfo("KeyError", "'x'", "tb"))),
    ],
)
def test_what_a_handler_raises_becomes_an_outcome(error: BaseException, outcome: Outcome) -> None:
    assert raised(error, "tb") == outcome


def test_long_errors_are_cut_and_tracebacks_keep_their_end() -> None:
    outcome = raised(ValueError("m" * 10_000), "start" + "t" * 10_000 + "end")
    assert isinstance(outcome, Raised)
    assert len(outcome.error.message) == 2_000
    assert outcome.error.traceback is not None
    assert outcome.error.traceback.endswith("end")
    assert len(outcome.error.traceback) == 8_000


class Unreadable(Exception):
    def __str__(self) -> str:
        raise KeyError("no text")


def test_an_exception_whose_text_cannot_be_had_is_an_outcome_all_the_same() -> None:
    outcome = raised(Unreadable(), None)
    assert isinstance(outcome, Raised)
    assert outcome.error == ErrorInfo("Unreadable", "its message cannot be read: KeyError")
