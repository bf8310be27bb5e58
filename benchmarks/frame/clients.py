"""Client processes that run one load together, between two readings of the clock and of the server's CPU.

Processes, not threads: sixteen threads of one Python share one core, and boto3 costs more than most of the servers, so
that it would be all that is seen. They are forked from a process that has boto3 loaded, begin together, and stop
after the same number of seconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import Any

from loads.load import Load

from frame.cpu import cpu_seconds
from frame.servers import Server

#: Seconds that all clients may take to connect, and that each may take beyond its time.
PATIENCE = 60.0

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["__main__", "loads.preload"])


class ClientsError(Exception):
    """A client failed; the sentence is its error."""


@dataclass(frozen=True)
class Run:
    """What one level came to."""

    right: int
    """Calls or messages that the server got right: only these count."""
    wrong: int
    seconds: float
    server_cpu: float
    clients_cpu: float

    @property
    def rate(self) -> float:
        return self.right / self.seconds

    @property
    def server_cpu_per_thousand(self) -> float:
        return self.server_cpu / self.right * 1000

    @property
    def clients_cpu_per_thousand(self) -> float:
        return self.clients_cpu / self.right * 1000


def run_clients(load: Load, count: int, seconds: float, server: Server) -> Run:
    """Run `count` clients for so many seconds, then check what they did. Raises ClientsError."""
    load.prepare()
    barrier = _forks.Barrier(count + 1)
    pipes, processes = [], []
    for number in range(count):
        ours, theirs = _forks.Pipe(duplex=False)
        process = _forks.Process(target=_client, args=(load, number, seconds, barrier, theirs), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    try:
        # A client that cannot connect breaks the barrier, and says why through its pipe.
        with contextlib.suppress(BrokenBarrierError):
            barrier.wait(PATIENCE)
        cpu, began = cpu_seconds([server.pid]), time.monotonic()
        answers = [_answer(pipe, seconds + PATIENCE) for pipe in pipes]
        cpu, ended = cpu_seconds([server.pid]) - cpu, max(answer["ended"] for answer in answers)
    finally:
        for process in processes:
            process.kill()
            process.join()
    verdict = load.verify([answer["report"] for answer in answers])
    if not verdict.right:
        raise ClientsError(f"the server did nothing right: {verdict}")
    return Run(verdict.right, verdict.wrong, ended - began, cpu, sum(answer["cpu"] for answer in answers))


def _answer(pipe: Connection, patience: float) -> dict[str, Any]:
    if not pipe.poll(patience):
        raise ClientsError("a client did not come to its end")
    try:
        answer: dict[str, Any] = pipe.recv()
    except EOFError:
        raise ClientsError("a client was killed") from None
    if "error" in answer:
        raise ClientsError(answer["error"])
    return answer


def _client(load: Load, number: int, seconds: float, barrier: Barrier, pipe: Connection) -> None:
    try:
        script = load.script(number)
        barrier.wait(PATIENCE)
        cpu, deadline = time.process_time(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            script.step()
        script.finish()
        pipe.send({"ended": time.monotonic(), "cpu": time.process_time() - cpu, "report": script.report})
    except Exception as error:
        barrier.abort()
        pipe.send({"error": f"{type(error).__name__}: {error}"})
