"""The pool of worker processes: plain `def` handlers run here, where a timeout can really stop them and a crash
(segmentation fault, `os._exit`, out of memory) takes down neither the server nor another job.

Processes are started on demand, up to `size`, and reused; one that died is replaced when the next call needs it.
Calls beyond `size` wait for their turn in the order in which they came.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from queues.capture import OnLine, OnMetrics
from queues.clock import Clock, system_clock
from queues.outcome import Interrupted, Lost, Outcome
from queues.process import Call, Listen, Process

__all__ = ["Call", "ProcessPool"]

#: Environment variables that jobs have no business with.
SECRETS = ("JOBYARD_SECRET",)


def _nobody_cancels(_cancel: Callable[[float], None] | None) -> None:
    """For a call that runs to its end."""


class ProcessPool:
    """Runs calls in up to `size` worker processes that import the job `modules`.

    `spawn_env` is the environment of the processes, by default this process's own; secrets are left out of either.
    `on_metrics` takes the lines of metrics that handlers print (see capture.py), `clock` says when lines of a log came.
    Use it on the event loop that it was first used on, and `close()` it.
    """

    def __init__(
        self,
        modules: Sequence[str],
        *,
        size: int,
        spawn_env: Mapping[str, str] | None = None,
        on_metrics: OnMetrics | None = None,
        clock: Clock = system_clock,
    ):
        self._modules = tuple(modules)
        self._on_metrics = on_metrics
        self._clock = clock
        self._environment = _environment(os.environ if spawn_env is None else spawn_env)
        self._size = size
        self._turns = asyncio.Semaphore(size)
        #: The last one in is the first one out: its memory is the warmest.
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """The process ids of the children that are alive, idle ones first."""
        return [process.pid for process in (*self._idle, *self._busy) if process.usable]

    async def run(
        self,
        call: Call,
        *,
        timeout: float,
        on_progress: Callable[[float, str | None], None],
        on_log: OnLine,
        listen: Listen = _nobody_cancels,
    ) -> Outcome:
        """Runs one call and answers what it came to; Interrupted if the pool is closed before that.

        `timeout` (seconds) counts from when the handler begins: neither waiting for a free process nor the imports of
        a fresh one are held against the job. Cancel the awaiting task to kill the job at once; what `listen` is given
        lets it end by itself first.
        """
        async with self._turns:
            while not self._closed:
                warm = self._take_idle()
                try:
                    process = warm or await self._start()
                except OSError as error:
                    return Lost(f"no worker process could be started: {error}")
                outcome = await self._run_in(process, call, timeout, on_progress, on_log, listen)
                if self._closed and isinstance(outcome, Lost):
                    break
                if process.began or process is not warm or not isinstance(outcome, Lost):
                    return outcome
                # A warm process had died unnoticed, before the job began: that is not the job's doing.
        return Interrupted()

    def _start(self) -> Awaitable[Process]:
        return Process.start(self._modules, self._environment, self._on_metrics, self._clock)

    async def _run_in(
        self,
        process: Process,
        call: Call,
        timeout: float,
        on_progress: Callable[[float, str | None], None],
        on_log: OnLine,
        listen: Listen,
    ) -> Outcome:
        self._busy.add(process)
        try:
            if self._closed:
                process.kill()
            return await process.run(call, timeout, on_progress, on_log, listen)
        finally:
            self._busy.discard(process)
            if process.usable:
                self._idle.append(process)

    def _take_idle(self) -> Process | None:
        while self._idle:
            process = self._idle.pop()
            if process.usable:
                return process
        return None

    async def close(self) -> None:
        """Kills what still runs (its calls end as Interrupted) and waits until every process is gone."""
        self._closed = True
        for process in self._busy:
            process.kill()
        for _ in range(self._size):
            await self._turns.acquire()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(process.close() for process in idle))
        for _ in range(self._size):
            self._turns.release()


def _environment(base: Mapping[str, str]) -> dict[str, str]:
    """`base` without secrets, and with this package importable whatever the working directory is."""
    environment = {name: value for name, value in base.items() if name not in SECRETS}
    home = str(Path(__file__).resolve().parent.parent)
    path = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = f"{home}{os.pathsep}{path}" if path else home
    return environment
