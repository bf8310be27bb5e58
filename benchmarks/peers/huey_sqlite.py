"""huey on SQLite: `huey_sqlite.py FILE --fsync on|off`.

Tuned for 2 cores. The consumer runs in a process of its own (forked), the producer in this one: in one process
the two share the GIL and both slow down. One worker thread: SQLite has one writer, each dequeue and each stored result
is a transaction under an exclusive lock, so more workers only wait for the lock. The poll interval is 10 ms
without backoff (huey's default begins at 100 ms and backs off to 10 s): shorter costs idle CPU. The handler is a
plain function: huey has no other kind. huey's default `fsync=None` in WAL mode leaves SQLite's `synchronous` at FULL;
`on` is that setting, `off` is `synchronous=OFF`.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import signal
import time

from huey import SqliteHuey
from huey.signals import SIGNAL_COMPLETE

from peers.counters import Counters, SlotWriter
from peers.payload import PAYLOAD
from peers.protocol import Contestant, main

#: Seconds between two polls of an idle worker.
POLL_INTERVAL = 0.01

WORKERS = 1


class Huey(Contestant):
    def __init__(self, filename: str, fsync: bool) -> None:
        self.huey = SqliteHuey("bench", filename=filename, fsync=fsync, timeout=30)
        self.counters = Counters(1)
        self.slot: SlotWriter | None = None
        self.consumer: multiprocessing.process.BaseProcess | None = None

        @self.huey.task()
        def noop(data: dict[str, str]) -> bool:
            assert self.slot is not None
            self.slot.began()
            return True

        @self.huey.signal(SIGNAL_COMPLETE)  # sent after the result is stored
        def finished(_signal: str, _task: object) -> None:
            assert self.slot is not None
            self.slot.finished()

        self.noop = noop

    async def open(self) -> None:
        self.huey.storage.queue_size()

    def _consume(self) -> None:
        self.slot = self.counters.writer(0)
        consumer = self.huey.create_consumer(
            workers=WORKERS,
            worker_type="thread",
            initial_delay=POLL_INTERVAL,
            max_delay=POLL_INTERVAL,
            periodic=False,
            check_worker_health=False,
        )
        consumer.run()

    async def start_workers(self) -> None:
        self.huey.storage.close()  # a connection must not cross a fork
        self.consumer = multiprocessing.get_context("fork").Process(target=self._consume)
        self.consumer.start()

    async def stop_workers(self) -> None:
        assert self.consumer is not None
        assert self.consumer.pid is not None
        os.kill(self.consumer.pid, signal.SIGINT)  # huey's graceful stop
        await asyncio.to_thread(self.consumer.join)

    async def enqueue(self, jobs: int) -> None:
        for _ in range(jobs):
            self.noop(PAYLOAD)

    def done(self) -> int:
        return self.counters.total()

    async def latency(self) -> float:
        before, began = self.done(), time.monotonic()
        self.noop(PAYLOAD)
        await self.until(before + 1)
        return self.counters.last_began() - began

    async def kept(self) -> int:
        return int(self.huey.storage.result_store_size())

    async def close(self) -> None:
        self.huey.storage.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--fsync", choices=["on", "off"], required=True)
    arguments = parser.parse_args()
    main(Huey(arguments.file, arguments.fsync == "on"))
