"""`jobyard invoke`: a handler run once, here, without a server."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.card import print_job
from infra.cli.enqueue import read_json
from infra.cli.exits import Exit
from infra.cli.output import Json, print_json


def invoke(
    type: Annotated[
        str, typer.Argument(metavar="TYPE", help="The job type, such as file-analysis.", show_default=False)
    ],
    event: Annotated[
        str, typer.Option("--event", "-e", metavar="FILE|-", help="An SQS event, or one job's data, as JSON.")
    ],
    as_json: Json = False,
) -> None:
    """Run a job type's handler on an event, as Lambda would, in memory and without a server.

    A record's body is the job's data, or {"type", "data"} as the API takes it. One attempt is made.
    Exit codes: 0 all jobs of the event completed, 1 one did not, 2 unknown type or invalid data.
    """
    value = read_json(event if event == "-" else f"@{event}", "--event")

    import asyncio

    import orjson

    from api.views import job_view
    from infra.invoke import invoke as run
    from queues import capture
    from queues.settings import read_settings

    capture.install()
    invoked = asyncio.run(run(read_settings(), type, value))
    jobs = orjson.loads(orjson.dumps([job_view(job) for job in invoked.jobs]))
    if as_json:
        print_json({"response": invoked.response, "jobs": jobs})
    else:
        for job in jobs:
            print_job(job, traceback=True)
    if any(job["status"] != "completed" for job in jobs):
        raise typer.Exit(Exit.FAILED)
