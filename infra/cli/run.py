"""`jobyard run`: one task through the HTTP API, a call of a function or of a service's method by its name."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra.cli.client import Client
from infra.cli.enqueue import Attempts, Delay, JobName, LongestWait, Timeout, Wait, follow, read_json
from infra.cli.exits import CommandFailed
from infra.cli.output import Json

#: The cure for a server that has no such type.
HOW_TO_HAVE_TASKS = "start it with functions.task among JOBYARD_JOBS (docs/tasks.md)"


def run(
    function: Annotated[
        str, typer.Argument(metavar="FUNCTION", help="package.module:function, or service.method.", show_default=False)
    ],
    args: Annotated[
        str, typer.Option("--args", "-a", metavar="JSON|@FILE|-", help="Positional arguments, a JSON array.")
    ] = "[]",
    kwargs: Annotated[
        str, typer.Option("--kwargs", "-k", metavar="JSON|@FILE|-", help="Keyword arguments, a JSON object.")
    ] = "{}",
    attempts: Attempts = None,
    delay: Delay = None,
    timeout: Timeout = None,
    job_id: JobName = None,
    wait: Wait = False,
    timeout_wait: LongestWait = None,
    as_json: Json = False,
) -> None:
    """Run a function, or a service's method, in the background: a job of the type `task` (docs/tasks.md).

    The server must have that type, and its allow-list, JOBYARD_TASKS or code, the function. Exit codes are those of
    `enqueue`.
    """
    milliseconds = {"delay": delay, "timeout": timeout}
    options: dict[str, Any] = {"attempts": attempts, "jobId": job_id}
    options |= {name: None if value is None else value * 1000 for name, value in milliseconds.items()}
    data = {"function": function, "args": read_json(args, "--args"), "kwargs": read_json(kwargs, "--kwargs")}
    chosen = {name: value for name, value in options.items() if value is not None}
    client = Client.from_environment()
    try:
        job = client.post("", {"type": "task", "data": data, "options": chosen})
    except CommandFailed as refused:
        if str(refused).startswith("unknown job type 'task'"):
            raise CommandFailed(f"the server has no job type 'task'; {HOW_TO_HAVE_TASKS}", refused.code) from None
        raise
    follow(client, job, wait=wait or timeout_wait is not None, timeout=timeout_wait, as_json=as_json)
