"""Which options a schedule's jobs may have, and from when those that are so long count. Pure.

`expires_in` and `deadline` count from the due time, and not from the moment at which somebody came to serve it: what is
due at nine and of no use after ten is of no use after ten, however late its tick was. A jitter puts the due time off by
its own share. A time that is served when its job would be over is missed. A run by hand has no due time: there they
count from the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from queues.encryption.rule import check_sensitive
from queues.errors import InvalidOption
from queues.job import Job

if TYPE_CHECKING:
    from queues.jobtype import JobType
    from queues.options import Options


def check_options(options: Options) -> None:
    """InvalidOption for what is for one job alone."""
    if options.delay or options.job_id is not None:
        raise InvalidOption("options", "delay, jobId", "a schedule gives its jobs their times and their ids")
    if isinstance(options.deadline, datetime):
        raise InvalidOption("options", "deadline", "give how long a job may take from its time, not a time")


def check_type(data: Any, options: Options | None, job_type: JobType[Any, Any]) -> str:
    """The data as JSON text. InvalidData; InvalidOption if its jobs cannot be unique as they, or their type, say."""
    data_json = job_type.check(data)
    own = None if options is None else options.unique
    rule = own or job_type.options.unique
    if rule is not None:
        rule.check_kept(job_type.options)
        check_sensitive(job_type.options.sensitive, rule, ())
        rule.check_fields(job_type.model)
        rule.key_of(job_type, data_json)
        if options is not None and rule.mode == "debounce":
            for name, seconds in _lifetimes(options):
                if seconds * 1000 <= rule.window_ms:
                    raise InvalidOption(name, seconds, "a debounced job waits for its window: give more than that")
    return data_json


def counted_from(job: Job, due: int, now: int) -> Job:
    """A job that was made at `now` for a time that was due at `due`, jitter included; both epoch ms."""
    late = max(0, now - due)
    expires, deadline = job.expires_start_at, job.deadline_at
    if expires is None and deadline is None:
        return job
    return replace(
        job,
        expires_start_at=None if expires is None else expires - late,
        deadline_at=None if deadline is None else deadline - late,
    )


def is_over(job: Job) -> bool:
    """Whether a new job could never start."""
    return any(end is not None and end <= job.run_at for end in (job.expires_start_at, job.deadline_at))


def _lifetimes(options: Options) -> Iterator[tuple[str, float]]:
    for name, value in (("expiresIn", options.expires_in), ("deadline", options.deadline)):
        if isinstance(value, timedelta):
            yield name, value.total_seconds()
        elif value is not None and not isinstance(value, datetime):
            yield name, float(value)
