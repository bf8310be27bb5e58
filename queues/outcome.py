"""What an attempt can come to, and what follows from it: `settle` is pure, the runner only carries it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from queues.errors import PayloadTooLarge
from queues.job import ErrorInfo, Job, Status
from queues.limits import MAX_ERROR_CHARS, MAX_TRACEBACK_CHARS

# --- what a handler may raise -------------------------------------------------------------------------------


class Signal(Exception):
    """The base of what a handler raises to say something other than "try me again"."""


class Discard(Signal):
    """This can never succeed: no further attempt, to the DLQ. `raise Discard("the file is not a mesh")`."""


class Cancel(Signal):
    """This is not wanted any more: ends as cancelled, not in the DLQ. `raise Cancel("order withdrawn")`."""


class RetryAfter(Signal):
    """Failed; try again after `seconds` instead of the backoff. Burns an attempt."""

    def __init__(self, seconds: float, reason: str = "asked to retry later"):
        super().__init__(seconds, reason)
        self.seconds = max(0.0, float(seconds))
        self.reason = reason


class Snooze(Signal):
    """Not yet: run again after `seconds`. Burns no attempt."""

    def __init__(self, seconds: float):
        super().__init__(seconds)
        self.seconds = max(0.0, float(seconds))


# --- what an attempt came to --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Returned:
    """The handler returned; its value as JSON text."""

    result_json: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The handler raised. `permanent`: no further attempt. `retry_in`: seconds instead of the backoff."""

    error: ErrorInfo
    permanent: bool = False
    retry_in: float | None = None


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The handler ran longer than `seconds` and was stopped."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Lost:
    """The handler's process ended, or its lease ran out, without a word."""

    reason: str


@dataclass(frozen=True, slots=True)
class Snoozed:
    """The handler asked to run again after `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The handler said that the job is not wanted any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The worker is shutting down and hands the job back."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The job could not be started at all: its data is invalid, or its time is over."""

    error: ErrorInfo


Outcome = Returned | Raised | TimedOut | Lost | Snoozed | Cancelled | Interrupted | Refused


def raised(error: BaseException, traceback: str | None) -> Outcome:
    """The outcome that an exception out of a handler stands for."""
    name, text = type(error).__name__, _message_of(error)
    if isinstance(error, Snooze):
        return Snoozed(error.seconds)
    if isinstance(error, Cancel):
        return Cancelled(text or "cancelled by its handler")
    if isinstance(error, RetryAfter):
        return Raised(ErrorInfo(name, error.reason), retry_in=error.seconds)
    info = ErrorInfo(name, text[:MAX_ERROR_CHARS], traceback[-MAX_TRACEBACK_CHARS:] if traceback else None)
    return Raised(info, permanent=isinstance(error, Discard))


def _message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as fault:
        return f"its message cannot be read: {type(fault).__name__}"


def returned(dump: Callable[[Any], str], value: Any) -> Outcome:
    """The outcome of a handler that returned `value`; a permanent failure if `dump` cannot make it JSON text."""
    try:
        return Returned(dump(value))
    except PayloadTooLarge as error:
        why = str(error)
    except Exception as error:
        why = f"the result cannot be written as JSON: {_message_of(error)}"
    return Raised(ErrorInfo("InvalidResult", why[:MAX_ERROR_CHARS]), permanent=True)


# --- what follows -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settlement:
    """A job's fate after one attempt. The row is written first, then the message is dealt with.

    `completed`, `cancelled`: delete the message. `failed`: bury it in the DLQ. `waiting`: hide it until `run_at`.
    """

    status: Status
    #: The attempt's own outcome, a word of `job.Attempt.outcome`.
    outcome: str
    result_json: str | None = None
    error: ErrorInfo | None = None
    #: Epoch ms of the next attempt; only when `status` is waiting.
    run_at: int | None = None
    #: Attempts to allow in all, grown by one where an attempt was not the job's own fault.
    max_attempts: int | None = None


def settle(job: Job, outcome: Outcome, now: int, random: float) -> Settlement:
    """What becomes of `job`, whose attempt `job.attempt` has just ended with `outcome`.

    `now` is epoch ms, `random` is uniform in [0, 1) and only shortens a backoff.
    """
    match outcome:
        case Returned(result_json):
            return Settlement(Status.COMPLETED, "completed", result_json=result_json)
        case Cancelled(reason):
            return Settlement(Status.CANCELLED, "cancelled", error=ErrorInfo("Cancel", reason))
        case Refused(error):
            word = "expired" if error.type == "Expired" else "invalid"
            return Settlement(Status.FAILED, word, error=error)
        case Snoozed(seconds):
            return _again(job, now, seconds, "snoozed", None, job.max_attempts + 1)
        case Interrupted():
            return _again(job, now, 0, "interrupted", None, job.max_attempts + 1)
        case Raised(error, permanent, retry_in):
            if permanent:
                return Settlement(Status.FAILED, "discarded", error=error)
            return _retry(job, now, random, "failed", error, retry_in)
        case TimedOut(seconds):
            error = ErrorInfo("Timeout", f"the attempt ran longer than its {seconds:g} s and was stopped")
            return _retry(job, now, random, "timeout", error)
        case Lost(reason):
            return _retry(job, now, random, "lost", ErrorInfo("Lost", reason))


def _retry(job: Job, now: int, random: float, word: str, error: ErrorInfo, retry_in: float | None = None) -> Settlement:
    if job.attempt >= job.max_attempts:
        return Settlement(Status.FAILED, word, error=error)
    seconds = job.backoff.wait(job.attempt, random) if retry_in is None else retry_in
    return _again(job, now, seconds, word, error, None)


def _again(job: Job, now: int, seconds: float, word: str, error: ErrorInfo | None, allow: int | None) -> Settlement:
    return Settlement(Status.WAITING, word, error=error, run_at=now + round(seconds * 1000), max_attempts=allow)
