"""`jobyard jobs`: look at jobs, watch them, cancel, reschedule, retry, replay, discard and delete them."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.asking import Yes, ask
from infra.cli.card import print_job
from infra.cli.client import Client, job_path
from infra.cli.enqueue import read_json
from infra.cli.exits import CommandFailed, Exit
from infra.cli.log_lines import Level, at_least, level_named
from infra.cli.operations import (
    After,
    Before,
    Choice,
    DryRun,
    Error,
    Everyone,
    NoWait,
    Rate,
    Tags,
    Tenant,
    begin,
    count,
    sentence,
)
from infra.cli.output import Json, ago, print_json, print_table, tell
from infra.cli.watching import watch

jobs = typer.Typer(
    help="List, show, watch, cancel, reschedule, retry, replay, discard and delete jobs.", no_args_is_help=True
)

JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id.", show_default=False)]
Limit = Annotated[int, typer.Option(min=1, max=200, help="Jobs of one page.")]
Cursor = Annotated[str | None, typer.Option(help="Where the page before ended; it says so.", show_default=False)]
HEADINGS = ("ID", "TYPE", "STATUS", "ATTEMPTS", "CREATED", "FINISHED", "ERROR")


@jobs.command("list")
def list_jobs(
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="waiting, delayed, active, completed, failed or cancelled.")
    ] = None,
    type: Annotated[str | None, typer.Option(metavar="TYPE", help="Only jobs of this type.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List jobs, the latest activity first."""
    page = Client.from_environment().get("", status=status, type=type, limit=limit, cursor=cursor)
    show_page(page, as_json)


@jobs.command()
def show(job_id: JobId, level: Level = None, as_json: Json = False) -> None:
    """Show one job: its attempts, log, result or error."""
    least = None if level is None else level_named(level)
    job = Client.from_environment().get(job_path(job_id))
    if least is not None:
        job["logs"] = at_least(job["logs"], least)
    print_json(job) if as_json else print_job(job, traceback=True)


jobs.command()(watch)


@jobs.command()
def cancel(job_id: JobId, as_json: Json = False) -> None:
    """Cancel a job, or ask it to end if it runs."""
    job = Client.from_environment().delete(job_path(job_id))
    print_json(job) if as_json else print_job(job)
    if job["status"] == "active":
        tell("it runs, and is asked to end; it may complete before it hears of that")


@jobs.command()
def retry(
    job_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="One failed job.", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="All failed jobs.")] = False,
    type: Annotated[str | None, typer.Option(metavar="TYPE", help="Failed jobs of this type.")] = None,
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
    """Give a failed job, or all that options choose, its type's attempts afresh."""
    client = Client.from_environment()
    choice = Choice(error, failed_after, failed_before, tag, rate, everyone, tenant)
    chosen = every or type is not None or choice.given
    if (job_id is None) is not chosen:
        raise CommandFailed("give the id of one job, or say which: --all, --type, --error, ...", Exit.USAGE)
    if job_id is not None and choice.whose:
        raise CommandFailed("one job is the token's tenant's own: leave --tenant and --everyone out", Exit.USAGE)
    if job_id is not None:
        job = client.post(f"{job_path(job_id)}/retry")
        print_json(job) if as_json else print_job(job)
        return
    body = choice.body(type)

    def ask_first() -> None:
        if not yes:
            ask(f"retry {sentence(count(client, '/retry', body))}{choice.whose}", yes=yes, as_json=as_json)

    begin("/retry", body, dry_run=dry_run, wait=not no_wait, as_json=as_json, ask_first=ask_first)


@jobs.command()
def reschedule(
    job_id: JobId,
    delay: Annotated[
        float | None, typer.Option("--in", min=0, metavar="SECONDS", help="So long from now; 0: at once.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="An ISO time with its zone.")] = None,
    as_json: Json = False,
) -> None:
    """Have a job that waits run at another time."""
    if (delay is None) is (at is None):
        raise CommandFailed("say when: --in or --at, one of them", Exit.USAGE)
    body = {"runAt": at} if delay is None else {"delay": round(delay * 1000)}
    job = Client.from_environment().post(f"{job_path(job_id)}/reschedule", body)
    print_json(job) if as_json else print_job(job)


@jobs.command()
def replay(
    job_id: JobId,
    data: Annotated[
        str | None, typer.Option("--data", "-d", metavar="JSON", help="Other input: JSON, @FILE, or - for stdin.")
    ] = None,
    new_id: Annotated[str | None, typer.Option("--job-id", metavar="ID", help="A name for the new job.")] = None,
    as_json: Json = False,
) -> None:
    """Run a job once more as a new one, with its data or with other; the old one stays as it was."""
    body: dict[str, object] = {} if data is None else {"data": read_json(data, "--data")}
    if new_id is not None:
        body["jobId"] = new_id
    job = Client.from_environment().post(f"{job_path(job_id)}/replay", body)
    print_json(job) if as_json else print_job(job)


@jobs.command()
def discard(job_id: JobId, yes: Yes = False, as_json: Json = False) -> None:
    """Give a failed job up: it becomes cancelled, and its dead letter is removed."""
    ask(f"discard job {job_id}", yes=yes, as_json=as_json)
    job = Client.from_environment().post(f"{job_path(job_id)}/discard")
    print_json(job) if as_json else print_job(job)


@jobs.command()
def delete(job_id: JobId, yes: Yes = False, as_json: Json = False) -> None:
    """Delete the record of a job that has ended, with its data, result and log."""
    ask(f"delete the record of job {job_id}", yes=yes, as_json=as_json)
    job = Client.from_environment().delete(f"{job_path(job_id)}/record")
    if as_json:
        print_json(job)
    else:
        tell(f"deleted {job['type']} {job['id']}, which was {job['status']}")


def show_page(page: dict[str, object], as_json: bool) -> None:
    """Prints one page of jobs as a table, and how to get the next one."""
    if as_json:
        print_json(page)
        return
    found = page["jobs"]
    assert isinstance(found, list)
    rows = []
    for job in found:
        error = f"{job['error']['type']}: {job['error']['message']}" if job["error"] else ""
        tries = f"{job['attempts']}/{job['maxAttempts']}"
        times = (ago(job["createdAt"]), ago(job["finishedAt"]))
        rows.append((job["id"], job["type"], job["status"], tries, *times, error[:80]))
    print_table(HEADINGS, rows, "no jobs")
    if page["cursor"]:
        tell(f"there is more: --cursor {page['cursor']}")
