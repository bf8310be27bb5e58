"""One job's handler, called as a worker would call it: the data checked, a context given, no queue at all."""

from __future__ import annotations

from typing import Any

from queues.catalog import Catalog, load
from queues.jobtype import JobType
from queues.settings import read_settings
from queues.testing.context import FakeContext


async def run_job(
    job_type: str | JobType[Any, Any],
    data: Any,
    *,
    attempt: int = 1,
    context: FakeContext | None = None,
    catalog: Catalog | None = None,
) -> Any:
    """Answers what the handler returned, or raises what it raised, `Snooze` and `Discard` as well.

    `data` makes the way through JSON that a job's data makes; InvalidData if the type's model rejects it. What is
    returned must be fit for JSON as well. A `context` of yours tells afterwards what was reported; `attempt` counts
    without one. A name is looked up in `catalog`, by default that of `JOBYARD_JOBS`.
    """
    if isinstance(job_type, str):
        job_type = (catalog or load(read_settings().jobs)).get(job_type)
    options = job_type.options
    arguments = [job_type.parse(job_type.check(data))]
    if job_type.wants_context:
        arguments.append(
            context
            or FakeContext(
                type=job_type.name,
                attempt=attempt,
                max_attempts=max(options.attempts, attempt),
                timeout=options.timeout,
            )
        )
    value = job_type.function(*arguments)
    if job_type.is_async:
        value = await value
    job_type.dump(value)
    return value
