"""IO: a job type's function invoked with data instead of messages: it runs once, now, and its result is the answer.

That is what a caller of Lambda's Invoke asks for, or a schedule whose target is the function. No job comes of it: there
is no row, no attempt is counted and nothing is retried by us. The handler runs where it runs for jobs, so that a plain
`def` is stopped at its timeout like any other.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from queues.attempts import Attempts
from queues.job import Job, Status
from queues.jobtype import JobType
from queues.outcome import Cancelled, Lost, Newer, Outcome, Raised, Refused, Returned, Snoozed, TimedOut
from queues.pulse import Running
from queues.rows import Report

#: The tenant of a handler that runs for nobody's job.
TENANT = "default"


class DirectFailure(Exception):
    """The handler did not succeed; `error_type` is what it raised, `stack_trace` where, as it was told."""

    def __init__(self, error_type: str, message: str, trace: str | None = None):
        super().__init__(message)
        self.error_type = error_type
        self.stack_trace = trace.splitlines(keepends=True) if trace else []


async def run_directly(job_type: JobType[Any, Any], data: Any, context: Any, attempts: Attempts) -> Any:
    """The handler's result as plain JSON values; InvalidData if the type's model rejects `data`, else DirectFailure."""
    options = job_type.options
    job = Job(
        id=context.aws_request_id,
        tenant=TENANT,
        type=job_type.name,
        status=Status.ACTIVE,
        attempt=1,
        max_attempts=1,
        data_json=job_type.check(data),
        data_version=job_type.version,
        timeout=options.timeout,
        backoff=options.backoff,
        created_at=0,
        run_at=0,
    )
    task = asyncio.current_task()
    assert task is not None
    running = Running(job, "", Report(), task, lease_until=0, beat_at=0)
    try:
        if job_type.is_async:
            outcome = await attempts.run(job_type, job, running, _seconds(job_type, context))
        else:
            async with attempts.free_process():
                outcome = await attempts.run(job_type, job, running, _seconds(job_type, context))
    finally:
        # There is no row to keep them: they go where a function's output goes.
        if not options.sensitive:
            for line in running.report.lines:
                print(line)
    if options.sensitive and isinstance(outcome, Raised | Refused | Cancelled):
        # Lambda logs what is raised.
        kind = outcome.reason if isinstance(outcome, Cancelled) else outcome.error.type
        raise DirectFailure("Cancel" if isinstance(outcome, Cancelled) else kind, "not shown: the type is sensitive")
    return _answer(outcome)


def _seconds(job_type: JobType[Any, Any], context: Any) -> float:
    return min(job_type.options.timeout, float(context.get_remaining_time_in_millis()) / 1000)


def _answer(outcome: Outcome) -> Any:
    match outcome:
        case Returned(result_json):
            return orjson.loads(result_json)
        case Raised(error) | Refused(error):
            raise DirectFailure(error.type, error.message, error.traceback)
        case TimedOut(seconds):
            raise DirectFailure("Timeout", f"the handler ran longer than {seconds:g} s")
        case Lost(reason):
            raise DirectFailure("Lost", reason)
        case Newer(reason):
            raise DirectFailure("NewerData", reason)
        case Cancelled(reason):
            raise DirectFailure("Cancel", reason)
        case Snoozed(seconds):
            raise DirectFailure("Snooze", f"asked to run again in {seconds:g} s, but only a job can")
        case _:
            raise DirectFailure("Interrupted", "the process is stopping")
