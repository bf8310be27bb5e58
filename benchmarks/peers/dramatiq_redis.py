"""dramatiq on Redis: `dramatiq_redis.py REDIS_URL`.

Tuned for 2 cores: two worker processes (the CPU is in Python; one process is at 0.6 of the speed) with 16 threads
each (of 1, 2, 4, 8, 16 and 32 the fastest: a message is acknowledged and its result written in a round trip each, and
the prefetch is twice the threads), a poll of at most 10 ms when idle (`worker_timeout`; the default backs off to 1 s),
dramatiq's default middleware plus Results. The actor is a plain function: dramatiq runs coroutines on an extra thread,
which is slower. The client parses with hiredis. There is no bulk enqueue.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import signal
import threading
import time

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from peers.counters import Counters, SlotWriter
from peers.payload import PAYLOAD
from peers.protocol import Contestant, main

PROCESSES = 2

#: Threads of each worker process.
THREADS = 16

#: Milliseconds that an idle worker waits at most between two polls.
IDLE_POLL = 10

#: Milliseconds that results are kept.
RESULT_TTL = 24 * 3600 * 1000

NAMESPACE = "results"


class Done(Middleware):
    """Counts a job when its message has been acknowledged, which is after its result was stored."""

    def __init__(self) -> None:
        self.slot: SlotWriter | None = None

    def after_ack(self, _broker: dramatiq.Broker, _message: dramatiq.MessageProxy) -> None:
        assert self.slot is not None
        self.slot.finished()


class Dramatiq(Contestant):
    def __init__(self, url: str) -> None:
        self.url = url
        self.finished = Done()
        self.broker = RedisBroker(url=url)
        self.broker.add_middleware(
            Results(backend=RedisBackend(url=url, namespace=NAMESPACE, use_namespace_prefix_keys=True))
        )
        self.broker.add_middleware(self.finished)
        dramatiq.set_broker(self.broker)
        self.counters = Counters(PROCESSES)
        self.workers: list[multiprocessing.process.BaseProcess] = []

        @dramatiq.actor(store_results=True, result_ttl=RESULT_TTL)
        def noop(data: dict[str, str]) -> bool:
            assert self.finished.slot is not None
            self.finished.slot.began()
            return True

        self.noop = noop

    async def open(self) -> None:
        self.broker.client.ping()

    def _work(self, slot: int) -> None:
        self.broker.client.connection_pool.reset()  # a connection must not cross a fork
        self.finished.slot = self.counters.writer(slot)
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        worker = dramatiq.Worker(self.broker, worker_threads=THREADS, worker_timeout=IDLE_POLL)
        worker.start()
        stop.wait()
        worker.stop()

    async def start_workers(self) -> None:
        fork = multiprocessing.get_context("fork")
        self.workers = [fork.Process(target=self._work, args=(slot,)) for slot in range(PROCESSES)]
        for worker in self.workers:
            worker.start()

    async def stop_workers(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            await asyncio.to_thread(worker.join)

    async def enqueue(self, jobs: int) -> None:
        for _ in range(jobs):
            self.noop.send(PAYLOAD)

    def done(self) -> int:
        return self.counters.total()

    async def latency(self) -> float:
        before, began = self.done(), time.monotonic()
        self.noop.send(PAYLOAD)
        await self.until(before + 1)
        return self.counters.last_began() - began

    async def kept(self) -> int:
        client = redis.Redis.from_url(self.url)
        return sum(1 for _ in client.scan_iter(f"{NAMESPACE}:*", count=1000))

    async def close(self) -> None:
        self.broker.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    main(Dramatiq(parser.parse_args().url))
