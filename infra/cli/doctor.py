"""`jobyard doctor`: a running stack held against the rules that bite."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.exits import CommandFailed, Exit
from infra.cli.flags import AwsPort, Data
from infra.cli.output import Json, print_json


def doctor(
    aws: Annotated[
        bool, typer.Option("--aws", help="Look at AWS itself, with the credentials of the environment.")
    ] = False,
    prefix: Annotated[
        str | None,
        typer.Option(help="Of the deployment, such as jobyard-dev. [JOBYARD_PREFIX, jobyard]", show_default=False),
    ] = None,
    aws_port: AwsPort = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Check a running stack: queues, dead letters, functions, table, schedules, permissions, clock, secret and disk.

    It looks at `jobyard up` on this machine; with AWS_ENDPOINT_URL at that emulator; with --aws at AWS. It only reads.
    Exit codes: 0 nothing worse than notes, 1 an error or a warning, 2 refused credentials or a wrong command line,
    4 nobody answers.
    """
    import asyncio

    from infra.doctor.diagnosis import diagnose
    from infra.doctor.reading.asking import CredentialsRefused
    from infra.doctor.reading.clients import where_of
    from infra.doctor.reading.read import read
    from infra.doctor.reading.target import NoAnswer
    from queues.settings import read_settings

    # The secret is looked at by a rule: one that is too short is a finding here, where other commands do not start.
    given = {"prefix": prefix, "aws_port": aws_port, "data": data}
    settings = read_settings(secret=None, **{name: value for name, value in given.items() if value is not None})
    if aws and settings.aws_endpoint_url:
        raise CommandFailed(
            f"--aws means AWS itself, but AWS_ENDPOINT_URL is {settings.aws_endpoint_url}; unset one of them",
            Exit.USAGE,
        )
    where = where_of(settings, aws=aws)
    try:
        diagnosis = diagnose(asyncio.run(read(settings, where)))
    except NoAnswer as error:
        cure = "start it with `jobyard up`; or set AWS_ENDPOINT_URL for an emulator, or give --aws for AWS"
        if not where.own:
            cure = "is it running, and is AWS_ENDPOINT_URL right?"
        raise CommandFailed(f"{error}; {cure}", Exit.UNREACHABLE) from None
    except CredentialsRefused as error:
        raise CommandFailed(
            f"the credentials are refused: {error}; {_cure_of_credentials(where.own)}", Exit.USAGE
        ) from None
    if as_json:
        from infra.doctor.document import document

        print_json(document(diagnosis))
    else:
        from rich.console import Console

        from infra.doctor.report import print_report

        print_report(diagnosis, Console())
    if not diagnosis.sound:
        raise typer.Exit(Exit.FAILED)


def _cure_of_credentials(own: bool) -> str:
    if own:
        return "set JOBYARD_AWS_SECRET to what `jobyard up` was started with"
    return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and see that this machine's clock is right"
