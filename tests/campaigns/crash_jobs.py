"""The job types of the crash campaign, what each kind of job shall come to, and the journal that its runs write.

A journal line is one `write` to a file opened with O_APPEND, so the lines of all processes stand in the order in which
they were written, and outlive the process: what ran when needs no clock.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from queues import Context, Discard, Fixed, Snooze, job

#: Names the journal's file.
JOURNAL = "JOBYARD_CRASH_JOURNAL"
#: Seconds between two lines of a slow run.
STEP = 0.05
#: Starts allowed to a job that shall succeed: more than kills can burn.
PLENTY = 25
#: Seconds, of a kind that never returns and of the others.
SHORT, LONG = 0.4, 30.0

Where = Literal["loop", "process"]
Word = Literal["completed", "failed", "discarded", "timeout", "lost", "snoozed"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What jobs of one kind do: the outcome of each attempt, the last one standing for all further."""

    outcomes: tuple[Word, ...]
    attempts: int = PLENTY
    timeout: float = LONG
    where: tuple[Where, ...] = ("loop", "process")
    #: Of a failed job: its error's type, and what its message contains.
    error: tuple[str, str] | None = None
    #: How many of a thousand jobs.
    share: int = 50

    def outcome(self, attempt: int) -> Word:
        """What attempt number `attempt` (1 or more) comes to if nobody kills it."""
        return self.outcomes[min(attempt, len(self.outcomes)) - 1]


KINDS = {
    "ok": Kind(("completed",), share=430),
    "slow": Kind(("completed",), share=110),
    "flaky": Kind(("failed", "failed", "completed"), share=140),
    "snooze": Kind(("snoozed", "completed"), share=50),
    "fail": Kind(("failed",), attempts=3, error=("ValueError", "part of batch"), share=100),
    "discard": Kind(("discarded",), error=("Discard", "not a part"), share=60),
    "hang": Kind(("timeout",), attempts=2, timeout=SHORT, error=("Timeout", "0.4 s"), share=40),
    "exit": Kind(("lost",), attempts=3, where=("process",), error=("Lost", "7"), share=20),
    "segfault": Kind(("lost",), attempts=2, where=("process",), error=("Lost", "SIGSEGV"), share=20),
    "exit-once": Kind(("lost", "completed"), where=("process",), share=30),
}
TYPES: dict[Where, str] = {"loop": "crash-loop", "process": "crash-process"}


class Part(BaseModel):
    """What a job of the campaign is asked to do."""

    kind: str
    number: int
    #: How long a slow one takes.
    seconds: float = 0.0


def _write(ctx: Context, what: str) -> None:
    line = {"job": ctx.job_id, "attempt": ctx.attempt, "what": what, "pid": os.getpid()}
    file = os.open(os.environ[JOURNAL], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, json.dumps(line).encode() + b"\n")
    finally:
        os.close(file)


def _steps(part: Part) -> Iterator[float]:
    for _ in range(round(part.seconds / STEP)):
        yield STEP
    while part.kind == "hang":
        yield STEP


def _end(part: Part, ctx: Context) -> dict[str, int]:
    """What the attempt comes to, by the table above."""
    outcome = KINDS[part.kind].outcome(ctx.attempt)
    if outcome == "failed":
        raise ValueError(f"part of batch {part.number} does not fit")
    if outcome == "discarded":
        raise Discard(f"{part.number} is not a part")
    if outcome == "snoozed":
        raise Snooze(1)
    if outcome == "lost" and part.kind == "segfault":
        ctypes.string_at(0)
    if outcome == "lost":
        os._exit(7)
    _write(ctx, "end")
    return {"number": part.number, "attempt": ctx.attempt}


@job(TYPES["loop"], backoff=Fixed(0.2), concurrency=40, batch_size=5)
async def on_loop(part: Part, ctx: Context) -> dict[str, int]:
    """Runs on the server's event loop, and dies with the server."""
    _write(ctx, "start")
    for seconds in _steps(part):
        await asyncio.sleep(seconds)
        _write(ctx, "step")
    return _end(part, ctx)


@job(TYPES["process"], backoff=Fixed(0.2), concurrency=8, batch_size=1)
def in_process(part: Part, ctx: Context) -> dict[str, int]:
    """Runs in a worker process, which must not outlive the server."""
    _write(ctx, "start")
    for seconds in _steps(part):
        time.sleep(seconds)
        _write(ctx, "step")
    return _end(part, ctx)
