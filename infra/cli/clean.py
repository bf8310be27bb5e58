"""`jobyard clean`: a round of the cleaner, now; what it would remove; or what its runs have done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.exits import CommandFailed, Exit
from infra.cli.flags import AwsPort
from infra.cli.operations import some_jobs
from infra.cli.output import Json, ago, print_json, print_table, tell

if TYPE_CHECKING:
    from queues.cleaning.run import Cleaned, Run

#: Runs that `--history` lists unless told otherwise: a day's.
SHOWN = 24
HEADINGS = ("BEGUN", "TOOK", "END", "BEYOND NUMBER", "OVERDUE", "SKIPPED", "BY", "TROUBLE")


def clean(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count; of what is overdue it may be less in the end.")
    ] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Remove nothing; list the runs of the last week, the latest first.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, max=200, help="With --history: runs at the most. [24]", show_default=False)
    ] = None,
    aws: Annotated[bool, typer.Option("--aws", help="On AWS itself, with the credentials of the environment.")] = False,
    prefix: Annotated[
        str | None,
        typer.Option(help="Of the deployment, such as jobyard-dev. [JOBYARD_PREFIX, jobyard]", show_default=False),
    ] = None,
    aws_port: AwsPort = None,
    as_json: Json = False,
) -> None:
    """Remove ended jobs beyond the number that their type keeps, and what TTL has left lying; for every tenant.

    It is what workers, or a function on AWS, do once an hour by themselves, with the job types of JOBYARD_JOBS. It
    works on `jobyard up` on this machine; with AWS_ENDPOINT_URL on that emulator; with --aws on AWS.
    Exit codes: 0 done, 1 somebody else is at it, 2 a wrong command line, 4 nobody answers.
    """
    import asyncio

    from api.cleaner_shapes import cleaned_view, run_view
    from infra.clean import clean as clean_now
    from infra.clean import history as history_of
    from infra.doctor.reading.clients import where_of
    from queues.settings import read_settings

    given = {"prefix": prefix, "aws_port": aws_port}
    settings = read_settings(**{name: value for name, value in given.items() if value is not None})
    if aws and settings.aws_endpoint_url:
        raise CommandFailed(
            f"--aws means AWS itself, but AWS_ENDPOINT_URL is {settings.aws_endpoint_url}; unset one of them",
            Exit.USAGE,
        )
    if history and dry_run:
        raise CommandFailed(
            "--history lists what was done, --dry-run counts what would be; say one of them", Exit.USAGE
        )
    if limit is not None and not history:
        raise CommandFailed("--limit is for --history: a round has none", Exit.USAGE)
    where = where_of(settings, aws=aws)
    if history:
        runs = asyncio.run(history_of(settings, where, limit or SHOWN))
        print_json([run_view(run) for run in runs]) if as_json else _show_history(runs)
        return
    done = asyncio.run(clean_now(settings, where, dry_run=dry_run))
    if done is None:
        raise CommandFailed("another process is cleaning; try again in some minutes")
    if as_json:
        print_json({"dryRun": dry_run} | cleaned_view(done))
        return
    _show(done, dry_run=dry_run)


def _show(done: Cleaned, *, dry_run: bool) -> None:
    verb = "would remove" if dry_run else "removed"
    most = "up to " if dry_run and done.overdue else ""
    print(f"{verb} {some_jobs(done.over_count)} beyond their type's number, {most}{done.overdue} overdue")
    if done.types:
        print_table(("TYPE", "JOBS"), sorted(done.types.items()), "")
    if done.skipped:
        tell(f"{done.skipped} parts of the table were left to the next round: {done.trouble}")


def _show_history(runs: list[Run]) -> None:
    from api.views import moment

    rows = []
    for run in runs:
        took = "" if run.duration is None else f"{run.duration / 1000:.1f} s"
        by = f"{run.by} by hand" if run.by_hand else run.by
        counts = (run.done.over_count, run.done.overdue, run.done.skipped)
        rows.append((ago(moment(run.begun_at)), took, run.end.value, *counts, by, run.error or run.done.trouble or ""))
    print_table(HEADINGS, rows, "no run is remembered")
