"""Celery on its SQS transport: real workers run tasks, retry them, delay them, take over from dead ones."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from tests.clients.command import run, working
from tests.clients.documented import documented

#: Tasks besides the page's, for what it does not show.
MORE = """
import os
import time

# Workers of tests shall end without waiting for a long poll, and take over soon.
app.conf.broker_transport_options |= {"wait_time_seconds": 1, "visibility_timeout": 3}


@app.task
def when(asked):
    print(f"waited {time.time() - asked:.1f} s")


@app.task(acks_late=True)
def crash_once(flag):
    if not os.path.exists(flag):
        open(flag, "w").close()
        os._exit(1)
    print("taken over")
"""

#: What is sent, from a process of its own as on a web server.
SEND = """
import time
from tasks import greet, when

greet.delay("Ada")
greet.delay("Bob", failures=2)
when.apply_async((time.time(),), countdown=2)
(greet.si("first") | greet.si("second")).delay()
for n in range(20):
    greet.delay(f"number {n}")
"""


@pytest.fixture
def project(aws: str, tmp_path: Path) -> Path:
    """A folder with the page's tasks.py."""
    (tmp_path / "tasks.py").write_text(documented("Celery").at(aws) + MORE)
    return tmp_path


@pytest.fixture
def worker(programs: Path) -> list[str | Path]:
    """The page's command."""
    program, *words = documented("Celery", 1).code.split()
    return [programs / program, *words, "--concurrency", "2"]


@pytest.mark.slow
def test_tasks_run_and_are_retried_and_wait_for_their_time(
    worker: list[str | Path], programs: Path, project: Path
) -> None:
    with working(worker, project) as running:
        run(programs / "python", "-c", SEND, cwd=project)
        running.prints("Hello, number ", times=20)
        running.prints("Hello, Bob!")
        printed = running.prints(" succeeded in ", times=25)
    assert "Hello, Ada!" in printed
    assert printed.index("Hello, first!") < printed.index("Hello, second!")
    assert printed.count("Retry in 1s") == 2
    (waited,) = [line for line in printed.splitlines() if "waited " in line]
    assert 2 <= float(waited.partition("waited ")[2].split()[0]) < 20
    assert "Traceback" not in printed
    # What has run is deleted.
    queue = boto3.resource("sqs").get_queue_by_name(QueueName="celery")
    assert queue.attributes["ApproximateNumberOfMessages"] == "0"
    assert queue.attributes["ApproximateNumberOfMessagesNotVisible"] == "0"


@pytest.mark.slow
def test_a_worker_takes_over_from_a_dead_one(worker: list[str | Path], programs: Path, project: Path) -> None:
    # A queue of its own, whose messages come back after 3 s.
    queue = ("--queues", "mortal")
    sent = f"from tasks import crash_once; crash_once.apply_async((str({str(project / 'flag')!r}),), queue='mortal')"
    run(programs / "python", "-c", sent, cwd=project)
    # In one process, so that the task takes the worker with it.
    with working([*worker, *queue, "--pool", "solo"], project) as dying:
        assert dying.ends() == 1
    with working([*worker, *queue], project) as other:
        other.prints("taken over")
