"""The only place where a stranger's code runs: `async def` on the event loop, `def` in a worker process."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import dataclass, field
from typing import Any

from queues import capture
from queues.context import Context
from queues.errors import InvalidData
from queues.job import ErrorInfo, Job
from queues.jobtype import JobType
from queues.limits import MAX_ERROR_CHARS
from queues.outcome import Outcome, Refused, TimedOut, raised, returned
from queues.processes import Call, ProcessPool
from queues.pulse import Running, on_progress


@dataclass(slots=True)
class Attempts:
    """Runs attempts in one process."""

    processes: ProcessPool
    #: How many worker processes there may be.
    size: int
    #: Takes the lines of metrics that handlers print (see capture.py).
    on_metrics: capture.OnLine | None = None
    _free: asyncio.Semaphore | None = field(default=None)

    def free_process(self) -> asyncio.Semaphore:
        """Held while a worker process is used: no job is claimed, and its lease kept, only to wait for one."""
        if self._free is None:
            self._free = asyncio.Semaphore(self.size)
        return self._free

    async def run(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        """One attempt, stopped after `seconds`; what it prints, logs and reports goes to `running.report`."""
        if job_type.is_async:
            return await on_loop(job_type, job, running, seconds, self.on_metrics)
        call = Call(job.type, job.data_json, job.id, job.tenant, job.attempt, job.max_attempts)
        return await self.processes.run(
            call, timeout=seconds, on_progress=on_progress(running), on_log=running.report.lines.append
        )


async def on_loop(
    job_type: JobType[Any, Any],
    job: Job,
    running: Running,
    seconds: float,
    on_metrics: capture.OnLine | None = None,
) -> Outcome:
    """One attempt in this process. A plain `def` cannot be stopped here and holds the loop up: for tests only."""
    try:
        arguments: tuple[Any, ...] = (job_type.parse(job.data_json),)
    except InvalidData as error:
        return Refused(ErrorInfo("InvalidData", str(error)[:MAX_ERROR_CHARS]))
    log = running.report.lines.append
    with capture.to(log, on_metrics) as lines, _Deadline(running.task, seconds) as deadline:
        if job_type.wants_context:
            arguments = (*arguments, _context(job, running, seconds, lines))
        try:
            value = job_type.function(*arguments)
            if job_type.is_async:
                value = await value
        except asyncio.CancelledError:
            if running.lost or not deadline.passed or running.task.uncancel():
                raise
            return TimedOut(seconds)
        except (Exception, SystemExit) as error:
            if not deadline.passed:
                return raised(error, _traceback(error))
    if deadline.passed:
        # The handler caught its cancellation, or fell over it: its time was up all the same.
        running.task.uncancel()
        return TimedOut(seconds)
    return returned(job_type.dump, value)


class _Deadline:
    """Cancels a task that is not done with the block after so many seconds: `asyncio.timeout` without what a block
    that is entered once, in the task's own code, can do without. It is half the cost, for each job."""

    __slots__ = ("_handle", "_seconds", "_task", "passed")

    def __init__(self, task: asyncio.Task[Any], seconds: float):
        self._task = task
        self._seconds = seconds
        self.passed = False

    def __enter__(self) -> _Deadline:
        self._handle = self._task.get_loop().call_later(self._seconds, self._pass)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.cancel()

    def _pass(self) -> None:
        self.passed = True
        self._task.cancel()


def _context(job: Job, running: Running, seconds: float, lines: capture.Lines) -> Context:
    def log(line: str) -> None:
        lines.write(line + "\n")

    return Context(job.id, job.type, job.tenant, job.attempt, job.max_attempts, seconds, on_progress(running), log)


def _traceback(error: BaseException) -> str:
    # Without our own frame: the reader wants the handler's.
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    return "".join(traceback.format_exception(type(error), error, frames))
