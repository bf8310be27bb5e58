"""The only place where a stranger's code runs: `async def` on the event loop, `def` in a worker process."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from queues import capture
from queues.clock import Clock, system_clock
from queues.context import Context
from queues.errors import Unreadable
from queues.job import Job
from queues.jobtype import JobType
from queues.log_line import LogLine
from queues.outcome import Outcome, TimedOut, returned, unreadable
from queues.policy import outcome_of
from queues.processes import Call, ProcessPool
from queues.pulse import Running, on_progress
from queues.webhooks.store import EndpointStore

if TYPE_CHECKING:
    from queues.observe.json_logs import OnOutput
    from queues.observe.tracing import Tracing


@dataclass(slots=True)
class Attempts:
    """Runs attempts in one process."""

    processes: ProcessPool
    #: How many worker processes there may be.
    size: int
    #: Takes the lines of metrics that handlers print (see capture.py).
    on_metrics: capture.OnMetrics | None = None
    #: Handed to handlers on the loop.
    endpoints: EndpointStore | None = None
    #: None: traces are off.
    tracing: Tracing | None = None
    #: Takes the lines of worker processes besides, if anything does (see observe/json_logs.py).
    on_output: OnOutput | None = None
    #: Says when a line of a log was said.
    clock: Clock = system_clock
    _free: asyncio.Semaphore | None = field(default=None)
    #: Messages that wait for a worker process.
    _waiting: int = 0

    @asynccontextmanager
    async def free_process(self) -> AsyncIterator[None]:
        """Held while a worker process is used: no job is claimed, and its lease kept, only to wait for one."""
        if self._free is None:
            self._free = asyncio.Semaphore(self.size)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()

    def wait_no_more(self) -> None:
        """Lets through who waits for a worker process, once nothing is to be started any more."""
        for _ in range(self._waiting):
            assert self._free is not None
            self._free.release()

    async def run(self, job_type: JobType[Any, Any], job: Job, running: Running, seconds: float) -> Outcome:
        """One attempt, stopped after `seconds`; what it prints, logs and reports goes to `running.report`."""
        if job_type.is_async:
            return await on_loop(job_type, job, running, seconds, self.on_metrics, self.endpoints, self.clock)
        discreet = job_type.options.sensitive is not False
        numbers = (job.attempt, job.max_attempts, job.data_version)
        trace = None if self.tracing is None else self.tracing.here()
        custom = job.backoff.curve == "custom"
        call = Call(job.type, job.data_json, job.id, job.tenant, *numbers, custom, trace, discreet)
        return await self.processes.run(
            call,
            timeout=seconds,
            on_progress=on_progress(running),
            on_log=running.report.lines.append if self.on_output is None or discreet else self._both(job, running),
            listen=running.listen,
        )

    def _both(self, job: Job, running: Running) -> capture.OnLine:
        on_output = self.on_output

        def on_log(line: LogLine) -> None:
            running.report.lines.append(line)
            if on_output is not None:
                on_output(job, line)

        return on_log


async def on_loop(
    job_type: JobType[Any, Any],
    job: Job,
    running: Running,
    seconds: float,
    on_metrics: capture.OnMetrics | None = None,
    endpoints: EndpointStore | None = None,
    clock: Clock = system_clock,
) -> Outcome:
    """One attempt in this process. A plain `def` cannot be stopped here and holds the loop up: for tests only."""
    try:
        arguments: tuple[Any, ...] = (job_type.parse(job.data_json, job.data_version),)
    except Unreadable as error:
        return unreadable(error)
    log = running.report.lines.append
    with (
        capture.to(log, on_metrics, job_type.options.sensitive is not False, job.attempt, clock) as lines,
        _Deadline(running, seconds) as deadline,
    ):
        if job_type.wants_context:
            arguments = (*arguments, _context(job, running, seconds, lines, endpoints))
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
                asks = job.backoff.curve == "custom"
                return outcome_of(error, _traceback(error), job_type.options, job.attempt, asks_type=asks)
    if deadline.passed:
        # The handler caught its cancellation, or fell over it: its time was up all the same.
        running.task.uncancel()
        return TimedOut(seconds)
    return returned(job_type.dump, value)


class _Deadline:
    """Cancels a task that is not done with the block after so many seconds: `asyncio.timeout` without what a block
    that is entered once, in the task's own code, can do without. It is half the cost, for each job.

    A request to cancel the job brings it forward.
    """

    __slots__ = ("_handle", "_running", "_seconds", "passed")

    def __init__(self, running: Running, seconds: float):
        self._running = running
        self._seconds = seconds
        self.passed = False

    def __enter__(self) -> _Deadline:
        self._handle = self._running.task.get_loop().call_later(self._seconds, self._pass)
        self._running.listen(self._hasten)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.listen(None)
        self._handle.cancel()

    def _hasten(self, seconds: float) -> None:
        loop = self._running.task.get_loop()
        if not self.passed and loop.time() + seconds < self._handle.when():
            self._handle.cancel()
            self._handle = loop.call_later(seconds, self._pass)

    def _pass(self) -> None:
        self.passed = True
        self._running.task.cancel()


def _context(
    job: Job, running: Running, seconds: float, lines: capture.Lines, endpoints: EndpointStore | None
) -> Context:
    limits = (job.attempt, job.max_attempts, seconds)
    report, asked = on_progress(running), lambda: running.asked
    return Context(job.id, job.type, job.tenant, *limits, report, lines.say, asked, endpoints)


def _traceback(error: BaseException) -> str:
    # Without our own frame: the reader wants the handler's.
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    return "".join(traceback.format_exception(type(error), error, frames))
