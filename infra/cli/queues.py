"""`jobyard queues` and `jobyard dead-letters`: what waits, what is dead, and why."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from infra.cli.card import print_job
from infra.cli.client import Client, job_path
from infra.cli.exits import CommandFailed
from infra.cli.jobs import Cursor, JobId, Limit, show_page
from infra.cli.output import Json, print_json, print_table

queues = typer.Typer(help="Look at the queues.", no_args_is_help=True)
dead_letters = typer.Typer(help="Look at jobs that have failed for good.", no_args_is_help=True)

HEADINGS = ("QUEUE", "WAITING", "ACTIVE", "DELAYED", "DEAD LETTERS")


@queues.command("list")
def list_queues(as_json: Json = False) -> None:
    """List each job type's queue: what waits, is worked on, is delayed, and is dead."""
    found = Client.from_environment().get("/queues/metrics")["metrics"]
    if as_json:
        print_json(found)
        return
    counts = ("name", "waiting", "active", "delayed", "deadLetters")
    print_table(HEADINGS, [[queue[name] for name in counts] for queue in found], "no queues")


@dead_letters.command("list")
def list_dead_letters(
    type: Annotated[str, typer.Argument(metavar="TYPE", help="The job type.", show_default=False)],
    limit: Limit = 20,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List a type's failed jobs with their errors, the latest first."""
    path = f"/queues/{quote(type, safe='')}/dead-letters"
    show_page(Client.from_environment().get(path, limit=limit, cursor=cursor), as_json)


@dead_letters.command("show")
def show_dead_letter(job_id: JobId, as_json: Json = False) -> None:
    """Show one failed job with its traceback; `jobyard jobs retry ID` runs it again."""
    job = Client.from_environment().get(job_path(job_id))
    if job["status"] != "failed":
        raise CommandFailed(f"job {job_id} is no dead letter: it is {job['status']}")
    print_json(job) if as_json else print_job(job, traceback=True)
