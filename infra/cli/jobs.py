"""`jobyard jobs`: look at jobs, cancel what waits, retry what has failed."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.card import print_job
from infra.cli.client import Client, job_path
from infra.cli.output import Json, ago, print_json, print_table, tell

jobs = typer.Typer(help="List, show, cancel and retry jobs.", no_args_is_help=True)

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
def show(job_id: JobId, as_json: Json = False) -> None:
    """Show one job: its attempts, log, result or error."""
    job = Client.from_environment().get(job_path(job_id))
    print_json(job) if as_json else print_job(job, traceback=True)


@jobs.command()
def cancel(job_id: JobId, as_json: Json = False) -> None:
    """Cancel a job that has not started yet."""
    job = Client.from_environment().delete(job_path(job_id))
    print_json(job) if as_json else print_job(job)


@jobs.command()
def retry(job_id: JobId, as_json: Json = False) -> None:
    """Give a failed job its attempts afresh."""
    job = Client.from_environment().post(f"{job_path(job_id)}/retry")
    print_json(job) if as_json else print_job(job)


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
