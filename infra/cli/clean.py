"""`jobyard clean`: a round of the cleaner, now; or what it would remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.exits import CommandFailed, Exit
from infra.cli.flags import AwsPort
from infra.cli.operations import some_jobs
from infra.cli.output import Json, print_json, print_table

if TYPE_CHECKING:
    from queues.cleaning.cleaner import Cleaned


def clean(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count; of what is overdue it may be less in the end.")
    ] = False,
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

    from infra.clean import clean as run
    from infra.doctor.reading.clients import where_of
    from queues.settings import read_settings

    given = {"prefix": prefix, "aws_port": aws_port}
    settings = read_settings(**{name: value for name, value in given.items() if value is not None})
    if aws and settings.aws_endpoint_url:
        raise CommandFailed(
            f"--aws means AWS itself, but AWS_ENDPOINT_URL is {settings.aws_endpoint_url}; unset one of them",
            Exit.USAGE,
        )
    done = asyncio.run(run(settings, where_of(settings, aws=aws), dry_run=dry_run))
    if done is None:
        raise CommandFailed("another process is cleaning; try again in some minutes")
    if as_json:
        print_json(
            {
                "dryRun": dry_run,
                "lookedAt": done.looked_at,
                "overCount": done.over_count,
                "overdue": done.overdue,
                "spared": done.spared,
                "types": dict(sorted(done.types.items())),
            }
        )
        return
    _show(done, dry_run=dry_run)


def _show(done: Cleaned, *, dry_run: bool) -> None:
    verb = "would remove" if dry_run else "removed"
    most = "up to " if dry_run and done.overdue else ""
    print(f"{verb} {some_jobs(done.over_count)} beyond their type's number, {most}{done.overdue} overdue")
    if done.types:
        print_table(("TYPE", "JOBS"), sorted(done.types.items()), "")
