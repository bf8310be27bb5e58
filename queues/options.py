"""What a caller may set for one job, on top of its type's options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from queues import limits
from queues.errors import InvalidOption
from queues.job import check_job_id
from queues.job_options import check_attempts, check_timeout
from queues.jobtype import JobType
from queues.retry import Backoff
from queues.unique.rule import Unique
from queues.webhooks.endpoint import Webhook

Duration = timedelta | float


def seconds(value: Duration) -> float:
    """A timedelta or a number of seconds as seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All optional. Durations are a timedelta or seconds. What is None comes from the job type."""

    attempts: int | None = None
    backoff: Backoff | None = None
    timeout: Duration | None = None
    #: Not before this long from now.
    delay: Duration = 0.0
    #: A second job with the same id in the same tenant is not made: the first is returned.
    job_id: str | None = None
    #: A job that has not started by then fails as `Expired`.
    expires_in: Duration | None = None
    #: An attempt that still runs then is stopped, and none starts: a time, or so long from now.
    deadline: datetime | Duration | None = None
    #: One job for one key, instead of what its type says; not together with `job_id`.
    unique: Unique | None = None
    #: Where its end, or more of it, is told (docs/webhooks.md), besides the tenant's own endpoints.
    webhook: Webhook | None = None
    #: 1 (first) to 100 (last): in which of its type's queues it waits, if that has levels (priorities/levels.py).
    priority: int = 50
    tags: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.attempts is not None:
            check_attempts(self.attempts)
        if self.timeout is not None:
            check_timeout(seconds(self.timeout))
        if not 0 <= seconds(self.delay) <= limits.MAX_JOB_DELAY_SECONDS:
            raise InvalidOption("delay", self.delay, "give 0 or more, a year at most")
        if self.job_id is not None:
            check_job_id(self.job_id)
        if self.expires_in is not None and not 0 < seconds(self.expires_in) <= limits.MAX_JOB_DELAY_SECONDS:
            raise InvalidOption("expiresIn", self.expires_in, "give more than 0, a year at most")
        if self.expires_in is not None and seconds(self.expires_in) <= seconds(self.delay):
            raise InvalidOption("expiresIn", self.expires_in, "give more than the delay, or the job can never start")
        if isinstance(self.deadline, datetime):
            if self.deadline.tzinfo is None:
                raise InvalidOption("deadline", self.deadline.isoformat(), "give it a time zone, such as tzinfo=UTC")
        elif self.deadline is not None and not 0 < seconds(self.deadline) <= limits.MAX_JOB_DELAY_SECONDS:
            raise InvalidOption("deadline", self.deadline, "give more than 0, a year at most")
        if self.unique is not None and self.job_id is not None:
            raise InvalidOption("unique", self.unique.mode, "give jobId or unique, not both")
        if isinstance(self.priority, bool) or not 1 <= self.priority <= 100:
            raise InvalidOption("priority", self.priority, "give 1 (first) to 100 (last)")
        if len(self.tags) > limits.MAX_TAGS or any(not 0 < len(tag) <= 64 for tag in self.tags):
            raise InvalidOption("tags", list(self.tags), f"give up to {limits.MAX_TAGS} tags of 1 to 64 characters")


def moment_of(when: datetime | Duration, now: int) -> int:
    """A time with a zone, or so long from `now`, in epoch ms; InvalidOption without a zone, or beyond a year."""
    if isinstance(when, datetime):
        if when.tzinfo is None:
            raise InvalidOption("runAt", when.isoformat(), "give it a time zone, such as tzinfo=UTC")
        moment = round(when.timestamp() * 1000)
    else:
        moment = now + round(seconds(when) * 1000)
    if moment > now + limits.MAX_JOB_DELAY_SECONDS * 1000:
        raise InvalidOption("runAt", str(when), "give a time within a year")
    return moment


def check_deadline(deadline: datetime | Duration, now: int, run_at: int) -> int:
    """The deadline in epoch ms, for a job made at `now` to run at `run_at`; InvalidOption if it can never start."""
    moment = moment_of(deadline, now)
    if moment <= run_at:
        raise InvalidOption("deadline", str(deadline), "give a time after the job's own, or it can never start")
    return moment


DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class NewJob:
    """One job of a bulk enqueue."""

    type: str | JobType[Any, Any]
    data: Any
    options: Options = DEFAULTS
