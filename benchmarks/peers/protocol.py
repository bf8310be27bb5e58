"""The line protocol between the frame and a contestant written in Python.

The frame writes one command a line to standard input; the contestant answers with JSON lines:

    enqueue N   put N jobs while no worker runs                    start, stop
    drain N     start the workers on that backlog                  start, stop
    both N      workers run; put N jobs and wait for their end     start, stop
    latency N   workers run, the system is idle: one job at a time {"latency": [seconds, ...]}
    pause       stop the workers                                   {"paused": true}
    quit        end; says how many results are kept                {"kept": n}

`start` and `stop` bracket the timed part: on each of them the frame reads the CPU clocks of the whole process
tree, so that imports, connections and the start of worker processes are outside. A drain opens its bracket
when the first jobs are done, because only then are all workers surely up; it counts what is done after that.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

#: Seconds between two looks at a counter that lives in other processes: 0.5 % of the shortest timed part.
POLL = 0.002

#: Seconds of rest before each latency sample: long enough to be idle, spread so as not to beat in time
#: with contestants that poll.
REST = (0.010, 0.030)

#: Seconds without one finished job after which a contestant counts as stuck.
STUCK_AFTER = 60.0


class Contestant(ABC):
    """A job system as the benchmark sees it. `done` counts jobs whose result has been stored."""

    @abstractmethod
    async def open(self) -> None:
        """Connect; create queues and tables. Untimed."""

    @abstractmethod
    async def start_workers(self) -> None:
        """Start the workers; they may still be starting when this returns."""

    @abstractmethod
    async def stop_workers(self) -> None:
        """Stop the workers and wait until they are gone."""

    @abstractmethod
    async def enqueue(self, jobs: int) -> None:
        """Put this many jobs, in this contestant's fastest way; return when all are accepted."""

    @abstractmethod
    def done(self) -> int:
        """Jobs finished since the program started, results stored."""

    @abstractmethod
    async def latency(self) -> float:
        """Seconds from just before one enqueue until its handler runs."""

    @abstractmethod
    async def kept(self) -> int:
        """Results that can be read back now."""

    @abstractmethod
    async def close(self) -> None:
        """Release what `open` took."""

    async def until(self, count: int) -> None:
        """Return when `done()` has reached `count`. Contestants in this process may know a better way."""
        seen, since = self.done(), time.monotonic()
        while seen < count:
            await asyncio.sleep(POLL)
            now_done = self.done()
            if now_done != seen:
                seen, since = now_done, time.monotonic()
            elif time.monotonic() - since > STUCK_AFTER:
                raise RuntimeError(f"stuck: {count - seen} jobs did not finish within {STUCK_AFTER:.0f} s")


def say(**answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def serve(contestant: Contestant) -> None:
    """Answer commands until `quit` or the end of standard input."""
    rest = random.Random(0)
    running = False
    await contestant.open()
    say(ready=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        command, jobs = line[0], int(line[1]) if len(line) > 1 else 0
        if command in ("both", "latency") and not running:
            await contestant.start_workers()
            running = True
        before = contestant.done()
        if command == "enqueue":
            say(start=True)
            began = time.monotonic()
            await contestant.enqueue(jobs)
            say(stop=True, jobs=jobs, seconds=time.monotonic() - began)
        elif command == "drain":
            running = True
            starting = asyncio.create_task(contestant.start_workers())
            await contestant.until(before + 1)
            first = contestant.done() - before
            say(start=True)
            began = time.monotonic()
            await contestant.until(before + jobs)
            say(stop=True, jobs=jobs - first, seconds=time.monotonic() - began)
            await starting
        elif command == "both":
            say(start=True)
            began = time.monotonic()
            await contestant.enqueue(jobs)
            await contestant.until(before + jobs)
            say(stop=True, jobs=jobs, seconds=time.monotonic() - began)
        elif command == "latency":
            samples = []
            for number in range(jobs):
                await asyncio.sleep(rest.uniform(*REST))
                samples.append(await contestant.latency())
                await contestant.until(before + number + 1)
            say(latency=samples)
        elif command == "pause":
            await contestant.stop_workers()
            running = False
            say(paused=True)
        else:
            break
    say(kept=await contestant.kept())
    if running:
        await contestant.stop_workers()
    await contestant.close()


def main(contestant: Contestant, run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run) -> None:
    """Serves a contestant on a loop that `run` makes: the one that its own server uses."""
    run(serve(contestant))
