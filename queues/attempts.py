"""The only place where a stranger's code runs: `async def` on the event loop, `def` in a worker process."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from queues import capture
from queues.context import Context
from queues.errors import InvalidData, PayloadTooLarge
from queues.job import ErrorInfo, Job
from queues.jobtype import JobType
from queues.limits import MAX_ERROR_CHARS
from queues.outcome import Outcome, Raised, Refused, Returned, TimedOut, raised
from queues.processes import Call, ProcessPool
from queues.pulse import Running, on_progress


@dataclass(slots=True)
class Attempts:
    """Runs attempts in one process."""

    processes: ProcessPool
    #: How many worker processes there may be.
    size: int
    _free: asyncio.Semaphore | None = field(default=None)

    def free_process(self) -> asyncio.Semaphore:
        """Held while a worker process is used: no job is claimed, and its lease kept, only to wait for one."""
        if self._free is None:
            self._free = asyncio.Semaphore(self.size)
        return self._free

    async def run(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        """One attempt, stopped after `seconds`; what it prints, logs and reports goes to `running.report`."""
        if job_type.is_async:
            return await _on_loop(job_type, job, running, seconds)
        call = Call(job.type, job.data_json, job.id, job.tenant, job.attempt, job.max_attempts)
        return await self.processes.run(
            call, timeout=seconds, on_progress=on_progress(running), on_log=running.report.lines.append
        )


async def _on_loop(job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
    try:
        arguments: tuple[Any, ...] = (job_type.parse(job.data_json),)
    except InvalidData as error:
        return Refused(ErrorInfo("InvalidData", str(error)[:MAX_ERROR_CHARS]))
    with capture.to(running.report.lines.append) as lines:
        if job_type.wants_context:
            arguments = (*arguments, _context(job, running, seconds, lines))
        try:
            async with asyncio.timeout(seconds) as limit:
                value = await job_type.function(*arguments)
        except TimeoutError as error:
            return TimedOut(seconds) if limit.expired() else raised(error, _traceback(error))
        except (Exception, SystemExit) as error:
            return raised(error, _traceback(error))
    return returned(job_type, value)


def _context(job: Job, running: Running, seconds: float, lines: capture.Lines) -> Context:
    def log(line: str) -> None:
        lines.write(line + "\n")

    return Context(job.id, job.type, job.tenant, job.attempt, job.max_attempts, seconds, on_progress(running), log)


def returned(job_type: JobType[Any, Any], value: Any) -> Outcome:
    """The outcome of a handler that returned `value`: permanent failure if that cannot be kept as JSON."""
    try:
        return Returned(job_type.dump(value))
    except (PayloadTooLarge, PydanticSerializationError, ValidationError) as error:
        return Raised(ErrorInfo("InvalidResult", str(error)[:MAX_ERROR_CHARS]), permanent=True)


def _traceback(error: BaseException) -> str:
    # Without our own frame: the reader wants the handler's.
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    return "".join(traceback.format_exception(type(error), error, frames))
