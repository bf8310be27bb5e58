"""What becomes of jobs when a worker is asked to stop: those that run may finish, the others go to other workers at
once. Nothing is lost, and no attempt is burnt.

All of it on real processes. Messages are received for ten minutes, far longer than a test may take, so whatever is
visible again was handed back; and the order of events is told by who has done what while who still ran.
"""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from queues.job import Status
from tests.cli.house import environment, start
from tests.worker.cloud import JOBS, Cloud

pytestmark = pytest.mark.slow


def kind_on(cloud: Cloud) -> str:
    """A job on the loop on one server, one in a worker process on the other: these tests take a quarter of a minute."""
    return "hold" if cloud.embedded else "grind"


async def test_what_runs_finishes_and_the_rest_goes_to_another_worker_meanwhile(cloud: Cloud, tmp_path: Path) -> None:
    """One worker process: a job runs in it, one of another type has been received and waits for it, others wait in
    their queue."""
    gate, opened = tmp_path / "gate", tmp_path / "opened"
    opened.touch()
    with cloud.worker("--drain", "600") as first:
        await cloud.enqueue("grind", "running", gate)
        await cloud.until_active("running")
        await cloud.enqueue("mill", "received", opened)
        await cloud.until_messages("mill", 0, 1)
        for number in range(3):
            await cloud.enqueue("grind", f"queued-{number}", opened)
        first.signal(signal.SIGTERM)
        assert first.next_remark("stopping") == (
            "stopping: 1 job is running and may take 600 s to finish; Ctrl-C again stops at once"
        )
        await cloud.until_messages("mill", 1, 0)
        with cloud.worker() as second:
            rest = ["received", *(f"queued-{number}" for number in range(3))]
            await cloud.until_completed(*rest)
            assert first.process.poll() is None, "it still runs the one job that it had started"
            assert (await cloud.job("running")).status is Status.ACTIVE
            gate.touch()
            assert first.end() == 0
            await cloud.until_completed("running")
            for name in ("running", *rest):
                assert await cloud.outcomes(name) == ["completed"], name
                assert (await cloud.job(name)).attempt == 1, name
            second.signal(signal.SIGTERM)
            assert second.end() == 0
    assert await cloud.messages("grind") == await cloud.messages("mill") == (0, 0)


async def test_a_job_that_outlasts_its_time_is_handed_back_unburnt(cloud: Cloud, tmp_path: Path) -> None:
    kind, gate = kind_on(cloud), tmp_path / "gate"
    with cloud.worker("--drain", "0.1") as first:
        await cloud.enqueue(kind, "long", gate)
        await cloud.until_active("long")
        first.signal(signal.SIGTERM)
        assert first.end() == 0
    await _finished_by_another(cloud, kind, gate)


async def test_a_second_signal_does_not_wait(cloud: Cloud, tmp_path: Path) -> None:
    kind, gate = kind_on(cloud), tmp_path / "gate"
    with cloud.worker("--drain", "600") as first:
        await cloud.enqueue(kind, "long", gate)
        await cloud.until_active("long")
        first.signal(signal.SIGTERM)
        first.next_remark("stopping")
        first.signal(signal.SIGTERM)
        assert first.end() == 0
    await _finished_by_another(cloud, kind, gate)


async def _finished_by_another(cloud: Cloud, kind: str, gate: Path) -> None:
    """The only attempt that the job `long` is allowed was not burnt, and its message is there for everybody."""
    assert await cloud.messages(kind) == (1, 0)
    job = await cloud.job("long")
    assert (job.status, job.max_attempts, await cloud.outcomes("long")) == (Status.WAITING, 2, ["interrupted"])
    gate.touch()  # noqa: ASYNC240 - a file for another process
    with cloud.worker() as second:
        await cloud.until_completed("long")
        second.signal(signal.SIGTERM)
        assert second.end() == 0
    assert await cloud.outcomes("long") == ["interrupted", "completed"]
    assert await cloud.messages(kind) == (0, 0)


async def test_an_idle_worker_ends_and_takes_no_message_with_it(cloud: Cloud, tmp_path: Path) -> None:
    with cloud.worker() as worker:
        worker.signal(signal.SIGTERM)
        worker.next_remark("stopping")
        await cloud.enqueue("hold", "late", tmp_path / "gate")
        assert worker.end() == 0
    assert await cloud.messages("hold") == (1, 0)
    assert (await cloud.job("late")).attempt == 0


def test_a_stop_is_heard_while_the_endpoint_keeps_it_waiting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = start(["work"], environment(AWS_ENDPOINT_URL=address, JOBYARD_DATA=tmp_path, JOBYARD_JOBS=JOBS))
        silent.settimeout(60)
        asking, _ = silent.accept()
        with asking:
            assert asking.recv(4), "it has asked for its first queue"
            process.terminate()
            _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
