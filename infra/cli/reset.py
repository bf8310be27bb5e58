"""`jobyard reset`: start again with an empty database."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from infra.cli.exits import CommandFailed, Exit
from infra.cli.output import Json, print_json, tell


def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete all jobs, messages and artifacts of the embedded database. The secret and the token stay.

    Refuses while `jobyard up` runs on the same folder.
    """
    from infra.reset import reset as delete
    from queues.settings import read_settings

    settings = read_settings()
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise CommandFailed(f"this deletes all jobs in {settings.data}; say --yes if that is meant", Exit.USAGE)
        if not typer.confirm(f"Delete all jobs in {settings.data}?", err=True):
            raise CommandFailed("nothing was deleted")
    removed = [str(path) for path in delete(settings)]
    if as_json:
        print_json({"removed": removed})
    else:
        tell(f"removed {', '.join(removed)}" if removed else f"{settings.data} holds no jobs")
