"""dramatiq with dramatiq-sqs: a real worker, delays and retries."""

from __future__ import annotations

from pathlib import Path

from tests.clients.command import run, working
from tests.clients.documented import documented

#: An actor that fails once.
MORE = """

tries = []


@dramatiq.actor(max_retries=3, min_backoff=1000, max_backoff=1000)
def stumble():
    tries.append(1)
    if len(tries) == 1:
        raise ConnectionError("not yet")
    print("stumbled on", flush=True)
"""
SEND = """
from actors import *
for n in range(5):
    greet.send(f"number {n}")
greet.send_with_options(args=("the late one",), delay=1000)
stumble.send()
"""


def test_actors_run(aws: str, programs: Path, tmp_path: Path) -> None:
    (tmp_path / "actors.py").write_text(documented("dramatiq").at(aws) + MORE)
    command = documented("dramatiq", 1).code.split()
    with working([programs / command[0], *command[1:], "--threads", "2"], tmp_path) as worker:
        run(programs / "python", "-c", SEND, cwd=tmp_path)
        worker.prints("Hello, number ", times=5)
        worker.prints("Hello, the late one!")
        worker.prints("stumbled on")
