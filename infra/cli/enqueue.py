"""`jobyard enqueue`: one job through the HTTP API."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.cli.card import print_job
from infra.cli.client import Client
from infra.cli.exits import CommandFailed, Exit
from infra.cli.job_flags import (
    Deadline,
    ExpiresIn,
    Priority,
    Tags,
    UniqueKey,
    UniqueMaxWait,
    UniqueMode,
    UniqueWindow,
    unique_of,
)
from infra.cli.output import Json, print_json, tell
from infra.cli.waiting import tell_exit, wait_for

#: What may be said of any new job.
Attempts = Annotated[int | None, typer.Option(help="Starts before it fails for good.", show_default=False)]
Delay = Annotated[float | None, typer.Option(metavar="SECONDS", help="Not before so long from now.")]
Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", help="An attempt's time.")]
JobName = Annotated[
    str | None, typer.Option(metavar="ID", help="A name of your own: asking again with it makes no second job.")
]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Wait for its end; the exit code tells it.")]
LongestWait = Annotated[float | None, typer.Option(metavar="SECONDS", help="Wait so long at the most; implies --wait.")]


def enqueue(
    type: Annotated[
        str, typer.Argument(metavar="TYPE", help="The job type, such as file-analysis.", show_default=False)
    ],
    data: Annotated[
        str, typer.Option("--data", "-d", metavar="JSON|@FILE|-", help="The input: JSON, @ and a file, or - for stdin.")
    ] = "{}",
    attempts: Attempts = None,
    delay: Delay = None,
    timeout: Timeout = None,
    expires_in: ExpiresIn = None,
    deadline: Deadline = None,
    unique_key: UniqueKey = None,
    unique_window: UniqueWindow = None,
    unique_mode: UniqueMode = None,
    unique_max_wait: UniqueMaxWait = None,
    job_id: JobName = None,
    priority: Priority = None,
    tag: Tags = None,
    wait: Wait = False,
    timeout_wait: LongestWait = None,
    as_json: Json = False,
) -> None:
    """Enqueue a job, and wait for it if asked to.

    Prints the job's id; with --wait what became of it. A job that is no longer waited for goes on.

    Exit codes: 0 accepted, or completed if waited for. 1 failed. 2 refused (unknown type, invalid data, bad token) or
    a wrong command line. 3 cancelled. 4 no server answers. 124 not ended within --timeout-wait. 130 Ctrl-C.
    """
    milliseconds = {"delay": delay, "timeout": timeout, "expiresIn": expires_in, "deadline": deadline}
    options: dict[str, Any] = {
        "attempts": attempts,
        "jobId": job_id,
        "priority": priority,
        "tags": tag,
        "unique": unique_of(unique_key, unique_window, unique_mode, unique_max_wait),
        **{name: None if value is None else value * 1000 for name, value in milliseconds.items()},
    }
    chosen = {name: value for name, value in options.items() if value is not None}
    client = Client.from_environment()
    job = client.post("", {"type": type, "data": read_json(data, "--data"), "options": chosen})
    follow(client, job, wait=wait or timeout_wait is not None, timeout=timeout_wait, as_json=as_json)


def follow(client: Client, job: dict[str, Any], *, wait: bool, timeout: float | None, as_json: bool) -> None:
    """Prints a new job's id, or waits `timeout` seconds for its end and prints that; typer.Exit tells the outcome."""
    if not wait:
        print_json(job) if as_json else print(job["id"])
        return
    if not as_json and sys.stderr.isatty():
        tell(f"job {job['id']}")
    job = wait_for(client, job, timeout=timeout, quiet=as_json)
    print_json(job) if as_json else print_job(job)
    raise typer.Exit(tell_exit(job))


def read_json(text: str, option: str) -> Any:
    """The value of JSON, of `@file`, or of stdin (`-`); CommandFailed if it is none."""
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{option}: cannot read {text.removeprefix('@')}: {error}", Exit.USAGE) from None
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandFailed(f"{option} is not JSON: {error}", Exit.USAGE) from None
