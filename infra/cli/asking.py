"""The question that comes before something is destroyed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from infra.cli.exits import CommandFailed, Exit

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def ask(what: str, *, yes: bool, as_json: bool) -> None:
    """Returns if it is wanted: `--yes` was said, or a person says so now. `what` is what will happen, as an order."""
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise CommandFailed(f"this would {what}; say --yes if that is meant", Exit.USAGE)
    if not typer.confirm(f"{what[0].upper()}{what[1:]}?", err=True):
        raise CommandFailed("nothing was changed")
