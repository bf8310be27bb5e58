"""What an attempt can come to, and what follows from it: `settle` is pure, the runner only carries it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from queues.errors import NewerData, PayloadTooLarge, Unreadable
from queues.job import ErrorInfo, Job, Status
from queues.limits import MAX_ERROR_CHARS, MAX_TRACEBACK_CHARS
from queues.retry import Backoff, Exponential

# --- what a handler may raise -------------------------------------------------------------------------------


class Signal(Exception):
    """The base of what a handler raises to say something other than "try me again"."""


class Discard(Signal):
    """This can never succeed: no further attempt, to the DLQ. `raise Discard("the file is not a mesh")`."""


class Cancel(Signal):
    """This is not wanted any more: ends as cancelled, not in the DLQ. `raise Cancel("order withdrawn")`."""


class JobCancelled(Cancel):
    """Raised in a running handler by `ctx.check()` and `ctx.progress()` once its job is to be cancelled.

    Let it through, or clean up and raise it again: the job ends as cancelled.
    """


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
    #: The curve that the job type has for this exception, instead of the job's.
    backoff: Backoff | None = None


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


@dataclass(frozen=True, slots=True)
class Newer:
    """The job's data is newer than this code: it is for newer code to run. `reason` says which versions met."""

    reason: str


Outcome = Returned | Raised | TimedOut | Lost | Snoozed | Cancelled | Interrupted | Refused | Newer

#: Waits of a job whose data is newer than the code that met it, and how many of them in a row it is given: 17 hours
#: together, which a rolled-back deployment may take to be rolled forward. Fewer than a row remembers attempts.
NEWER_BACKOFF = Exponential(15)
MAX_NEWER = 24
#: Milliseconds by which a timer may be early by the wall clock: it counts from the beginning of a turn of the loop.
EARLY = 1_000


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


def unreadable(error: Unreadable) -> Outcome:
    """The outcome of an attempt whose data could not be handed to its function."""
    if isinstance(error, NewerData):
        return Newer(str(error)[:MAX_ERROR_CHARS])
    return Refused(ErrorInfo(type(error).__name__, str(error)[:MAX_ERROR_CHARS]))


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


class Settlement(NamedTuple):
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

    `now` is epoch ms, `random` is uniform in [0, 1) and only shortens a backoff. A job that somebody has asked to be
    cancelled completes if its handler returned; whatever else the attempt came to, there is no other.
    """
    if job.cancel_at is not None and not isinstance(outcome, Returned):
        return _cancelled(job, outcome)
    match outcome:
        case Returned(result_json):
            return Settlement(Status.COMPLETED, "completed", result_json=result_json)
        case Cancelled(reason):
            return Settlement(Status.CANCELLED, "cancelled", error=ErrorInfo("Cancel", reason))
        case Refused(error):
            word = "expired" if error.type == "Expired" else "invalid"
            return Settlement(Status.FAILED, word, error=error)
        case Newer(reason):
            return _newer(job, now, random, ErrorInfo("NewerData", reason))
        case Snoozed(seconds):
            return _again(job, now, seconds, "snoozed", None, job.max_attempts + 1)
        case Interrupted():
            return _again(job, now, 0, "interrupted", None, job.max_attempts + 1)
        case Raised(error, permanent, retry_in, backoff):
            if permanent:
                return Settlement(Status.FAILED, "discarded", error=error)
            if backoff is not None:
                retry_in = backoff.wait(job.attempt, random)
            return _retry(job, now, random, "failed", error, retry_in)
        case TimedOut(seconds):
            error = ErrorInfo("Timeout", f"the attempt ran longer than its {seconds:g} s and was stopped")
            if job.deadline_at is not None and _at_the_deadline(job.deadline_at, seconds < job.timeout, now):
                error = ErrorInfo("DeadlineExceeded", "the attempt was stopped when the job's deadline passed")
                now = max(now, job.deadline_at)
            return _retry(job, now, random, "timeout", error)
        case Lost(reason):
            return _retry(job, now, random, "lost", ErrorInfo("Lost", reason))


def _at_the_deadline(deadline: int, cut_short: bool, now: int) -> bool:
    """Whether it was the deadline that stopped an attempt which was given less time than its timeout."""
    return now >= (deadline - EARLY if cut_short else deadline)


def _cancelled(job: Job, outcome: Outcome) -> Settlement:
    reason = f"cancelled by {job.cancel_by}" if job.cancel_by else "cancelled on request"
    if isinstance(outcome, Raised):
        reason += f"; its attempt had just failed: {outcome.error.type}: {outcome.error.message}"
    word = "lost" if isinstance(outcome, Lost) else "cancelled"
    return Settlement(Status.CANCELLED, word, error=ErrorInfo("Cancel", reason[:MAX_ERROR_CHARS]))


def _retry(job: Job, now: int, random: float, word: str, error: ErrorInfo, retry_in: float | None = None) -> Settlement:
    if job.attempt >= job.max_attempts:
        return Settlement(Status.FAILED, word, error=error)
    seconds = job.backoff.wait(job.attempt, random) if retry_in is None else retry_in
    return _again(job, now, seconds, word, error, None)


def _newer(job: Job, now: int, random: float, error: ErrorInfo) -> Settlement:
    waits = 0
    for attempt in reversed(job.history):
        if attempt.outcome != "newer":
            break
        waits += 1
    if waits >= MAX_NEWER:
        return Settlement(Status.FAILED, "invalid", error=error)
    return _again(job, now, NEWER_BACKOFF.wait(waits + 1, random), "newer", error, job.max_attempts + 1)


def _again(job: Job, now: int, seconds: float, word: str, error: ErrorInfo | None, allow: int | None) -> Settlement:
    run_at = now + round(seconds * 1000)
    if job.deadline_at is not None and run_at >= job.deadline_at:
        # There is no time left for another attempt: better to say so now than then.
        late = error or ErrorInfo("Expired", "its deadline is before the time of its next attempt")
        return Settlement(Status.FAILED, word if error is not None else "expired", error=late)
    return Settlement(Status.WAITING, word, error=error, run_at=run_at, max_attempts=allow)
