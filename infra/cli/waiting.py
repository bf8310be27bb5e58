"""Waiting for a job's end at a terminal: a progress bar on stderr, patience with a server that restarts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from infra.cli.client import Client, job_path
from infra.cli.exits import BY_STATUS, CommandFailed, Exit
from infra.cli.output import clean, tell

#: Seconds that one request may wait for the job's end: short where a bar is drawn, else as long as the API lets it.
WITH_BAR = 0.5
WITHOUT_BAR = 20.0
#: Seconds for which a server that is away is asked again, and between two such tries.
RECONNECT_SECONDS = 30.0
RECONNECT_PAUSE = 0.5

Show = Callable[[dict[str, Any]], None]


def wait_for(client: Client, job: dict[str, Any], *, timeout: float | None, quiet: bool) -> dict[str, Any]:
    """The job once it has ended. CommandFailed after `timeout` seconds, or at Ctrl-C; the job goes on either way."""
    job_id = job["id"]
    goes_on = f"job {job_id} goes on; look at it with `jobyard jobs show {job_id}`"
    end = None if timeout is None else time.monotonic() + timeout
    bar = not quiet and sys.stderr.isatty()
    try:
        with _bar(job) if bar else _silence() as show:
            while job["status"] not in BY_STATUS:
                left = WITHOUT_BAR if end is None else end - time.monotonic()
                if left <= 0:
                    raise CommandFailed(f"not ended after {timeout:g} s; {goes_on}", Exit.WAITED)
                job = _look(client, job_id, min(left, WITH_BAR if bar else WITHOUT_BAR), end)
                show(job)
    except KeyboardInterrupt:
        raise CommandFailed(goes_on, Exit.INTERRUPTED) from None
    return job


def _look(client: Client, job_id: str, wait: float, end: float | None) -> dict[str, Any]:
    gives_up = time.monotonic() + RECONNECT_SECONDS
    if end is not None:
        gives_up = min(gives_up, end)
    while True:
        try:
            job: dict[str, Any] = client.get(job_path(job_id), wait=round(wait, 3))
        except CommandFailed as error:
            if error.code is not Exit.UNREACHABLE or time.monotonic() >= gives_up:
                raise
            time.sleep(RECONNECT_PAUSE)
        else:
            return job


@contextmanager
def _silence() -> Iterator[Show]:
    yield lambda job: None


@contextmanager
def _bar(job: dict[str, Any]) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.fields[type]}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(job["status"], total=100, type=job["type"])

        def show(now: dict[str, Any]) -> None:
            words = [now["status"]]
            if now["attempts"] > 1:
                words.append(f"attempt {now['attempts']} of {now['maxAttempts']}")
            if now["note"]:
                words.append(clean(now["note"]))
            progress.update(task, completed=now["progress"], description=", ".join(words))

        show(job)
        yield show


def tell_exit(job: dict[str, Any]) -> Exit:
    """The exit code that tells the job's outcome, with a word on stderr where it is not the good one."""
    code = BY_STATUS[job["status"]]
    if code is not Exit.DONE:
        tell(f"jobyard: job {job['id']} {'has failed' if code is Exit.FAILED else 'was cancelled'}")
    return code
