"""IO: heartbeats. While an attempt runs, its lease and its message's visibility are extended and its progress written.

One ticker serves all attempts of a process, and stops when there are none. An attempt whose lease is gone, or can no
longer be proven, is stopped: another worker may have the job by now, and no two attempts may run at once.

Of a running job more than whose end somebody wants to hear, its start is told as it is added, and its progress after
a heartbeat, PROGRESS_EVERY apart (webhooks/telling.py): in the background, so that no attempt waits for it.

A heartbeat is also how a worker learns that somebody has asked for its job to be cancelled: such a request refuses the
write, and no attempt pays for a question. It comes each third of the lease, and with each report of progress.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import Clock
from queues.events.event import EventKind
from queues.job import Job
from queues.rows import Report
from queues.sqs import JobQueues
from queues.store import JobStore
from queues.webhooks.telling import PROGRESS_EVERY

log = logging.getLogger("jobyard.pulse")

#: Seconds between two looks at the running attempts, and so between two writes of a job's progress.
TICK = 0.5
#: Milliseconds before the end of its lease at which an attempt is stopped: the next tick might be too late.
STOP_BEFORE = 1_000


@dataclass(slots=True, eq=False)
class Running:
    """An attempt under way."""

    job: Job
    receipt: str
    report: Report
    task: asyncio.Task[Any]
    #: Epoch ms until which the lease is known to hold.
    lease_until: int
    #: Epoch ms of the last heartbeat.
    beat_at: int
    #: Whether progress was reported since it was last written.
    dirty: bool = False
    #: The job is not ours any more; what the attempt comes to must not be written.
    lost: bool = False
    beating: bool = False
    #: What of its report was last told, and when (epoch ms), if somebody wants to hear of it.
    told: tuple[float | None, str | None] = (None, None)
    told_at: int = 0
    #: The queue that its message came from, as JobQueues takes it; "": its type's own.
    queue: str = ""
    #: Seconds between the request to cancel the job and the end of an attempt that does not heed it.
    cancel_grace: float = 10.0
    #: Encrypts the notes of a sensitive job as they come.
    seal_note: Callable[[str], str] | None = None
    #: What takes the request to the code that runs, with those seconds.
    _on_asked: Callable[[float], None] | None = None

    @property
    def asked(self) -> bool:
        """Whether somebody has asked for the job to be cancelled, as far as is known here."""
        return self.job.cancel_at is not None

    def ask(self, job: Job) -> None:
        """The job, read again, is to be cancelled."""
        self.job = job
        if self._on_asked is not None:
            self._on_asked(self.cancel_grace)

    def listen(self, on_asked: Callable[[float], None] | None) -> None:
        """Has `on_asked` called when the job is to be cancelled, or now if it is already; None: nothing any more."""
        self._on_asked = on_asked
        if on_asked is not None and self.job.cancel_at is not None:
            on_asked(self.cancel_grace)


@dataclass(slots=True)
class Pulse:
    """The heart of one process."""

    store: JobStore
    queues: JobQueues
    clock: Clock
    #: Milliseconds for which a heartbeat holds.
    lease: int
    #: In order of their starts, so that a replay with the same seed beats in the same order.
    _running: dict[Running, None] = field(default_factory=dict)
    _ticker: asyncio.TimerHandle | None = None
    _beats: set[asyncio.Task[None]] = field(default_factory=set)

    def add(self, running: Running) -> None:
        """Cares for an attempt from now on."""
        self._running[running] = None
        if running.job.owes and self.store.hooks is not None:
            self.store.hooks.telling.soon(running.job)
        if self._ticker is None:
            self._ticker = asyncio.get_running_loop().call_later(TICK, self._tick)

    def remove(self, running: Running) -> None:
        """The attempt is over."""
        self._running.pop(running, None)

    @property
    def running(self) -> list[Job]:
        """The jobs that run in this process now."""
        return [running.job for running in self._running]

    def _tick(self) -> None:
        self._ticker = None
        now = self.clock()
        for running in list(self._running):
            if now >= running.lease_until - STOP_BEFORE:
                _stop(running, "its lease could not be renewed in time")
            elif not running.beating and (running.dirty or now - running.beat_at >= self.lease // 3):
                running.beating = True
                beat = asyncio.get_running_loop().create_task(self._beat(running, now))
                self._beats.add(beat)
                beat.add_done_callback(self._beats.discard)
        if self._running:
            self._ticker = asyncio.get_running_loop().call_later(TICK, self._tick)

    async def _beat(self, running: Running, now: int) -> None:
        report, running.dirty = running.report, False
        try:
            job = await self.store.renew(running.job, now, report.percent, report.note)
            if job is None:
                if running in self._running:
                    _stop(running, "another worker has it")
                return
            asked = job is not running.job
            if asked:
                log.info("job %s: to be cancelled; attempt %d is told", job.id, job.attempt)
                running.ask(job)
            if job.owes and self.store.hooks is not None:
                said = (report.percent, report.note)
                if said != running.told and now - running.told_at >= PROGRESS_EVERY:
                    running.told, running.told_at = said, now
                    self.store.hooks.telling.soon(job, EventKind.PROGRESS)
                elif asked:
                    self.store.hooks.telling.soon(job)
            running.beat_at, running.lease_until = now, now + self.lease
            await self.queues.hide(running.queue or running.job.type, running.receipt, math.ceil(self.lease / 1000))
        except (ClientError, BotoCoreError, OSError) as error:
            running.dirty = True
            log.warning("job %s: heartbeat failed, will be tried again: %s", running.job.id, error)
        finally:
            running.beating = False


def _stop(running: Running, why: str) -> None:
    if not running.lost:
        running.lost = True
        log.warning("job %s: attempt %d is stopped: %s", running.job.id, running.job.attempt, why)
        running.task.cancel()


def on_progress(running: Running) -> Callable[[float, str | None], None]:
    """What `Context.progress` calls: notes the figures, to be written with the next tick or at the end."""

    def note(percent: float, text: str | None) -> None:
        running.report.percent = percent
        if text is not None:
            running.report.note = text if running.seal_note is None else running.seal_note(text)
        running.dirty = True

    return note
