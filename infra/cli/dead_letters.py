"""`jobyard dead-letters`: jobs that have failed for good, and what to do with them."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import quote

import typer

from infra.cli.asking import Yes, ask
from infra.cli.card import print_job
from infra.cli.client import Client, job_path
from infra.cli.exits import CommandFailed
from infra.cli.jobs import Cursor, JobId, Limit, show_page
from infra.cli.operations import After, Before, Choice, DryRun, Error, Everyone, NoWait, Rate, Tags, Tenant, begin
from infra.cli.output import Json, print_json

dead_letters = typer.Typer(help="Jobs that have failed for good: look at them, redrive, discard.", no_args_is_help=True)

Type = Annotated[str, typer.Argument(metavar="TYPE", help="The job type.", show_default=False)]


@dead_letters.command("list")
def list_dead_letters(
    type: Type, limit: Limit = 20, cursor: Cursor = None, tenant: Tenant = None, as_json: Json = False
) -> None:
    """List a type's failed jobs with their errors, the latest first; another tenant's without their data."""
    client = Client.from_environment()
    show_page(client.get(_path(type, "dead-letters"), limit=limit, cursor=cursor, tenant=tenant), as_json)


@dead_letters.command("show")
def show_dead_letter(job_id: JobId, as_json: Json = False) -> None:
    """Show one failed job with its traceback; `jobyard jobs retry ID` runs it again."""
    job = Client.from_environment().get(job_path(job_id))
    if job["status"] != "failed":
        raise CommandFailed(f"job {job_id} is no dead letter: it is {job['status']}")
    print_json(job) if as_json else print_job(job, traceback=True)


@dead_letters.command()
def redrive(
    type: Type,
    error: Error = None,
    failed_after: After = None,
    failed_before: Before = None,
    tag: Tags = None,
    rate: Rate = None,
    tenant: Tenant = None,
    everyone: Everyone = False,
    dry_run: DryRun = False,
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Run a type's failed jobs again, and remove their dead letters."""
    body = Choice(error, failed_after, failed_before, tag, rate, everyone, tenant).body()
    begin(_path(type, "redrive"), body, dry_run=dry_run, wait=not no_wait, as_json=as_json)


@dead_letters.command()
def discard(
    type: Type,
    error: Error = None,
    failed_after: After = None,
    failed_before: Before = None,
    tag: Tags = None,
    rate: Rate = None,
    tenant: Tenant = None,
    everyone: Everyone = False,
    dry_run: DryRun = False,
    no_wait: NoWait = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Give a type's failed jobs up: they become cancelled, and their dead letters are removed."""
    choice = Choice(error, failed_after, failed_before, tag, rate, everyone, tenant)
    ask_first = partial(ask, f"discard failed jobs of {type}{choice.whose}", yes=yes, as_json=as_json)
    begin(
        _path(type, "discard"), choice.body(), dry_run=dry_run, wait=not no_wait, as_json=as_json, ask_first=ask_first
    )


def _path(type: str, what: str) -> str:
    return f"/queues/{quote(type, safe='')}/{what}"
