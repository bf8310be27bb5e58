"""Options of the long-running commands. Each is an environment variable said on the command line: it is put into the
environment, so that worker processes and everything else that reads settings sees the same."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from queues.settings import Settings

Port = Annotated[
    int | None, typer.Option(min=0, max=65_535, help="Of the API. [JOBYARD_PORT, 8000]", show_default=False)
]
AwsPort = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help="Of the AWS endpoint. [JOBYARD_AWS_PORT, 4566]", show_default=False),
]
Host = Annotated[str | None, typer.Option(help="Address to listen on. [JOBYARD_HOST, 127.0.0.1]", show_default=False)]
Data = Annotated[
    str | None, typer.Option(metavar="FOLDER", help="Database, secret and token. [JOBYARD_DATA, .jobyard]")
]


def settings_with(**flags: str | float | None) -> Settings:
    """The settings, flags before environment; Misconfigured names what is wrong."""
    from queues.settings import read_settings

    os.environ.update({f"JOBYARD_{name.upper()}": str(value) for name, value in flags.items() if value is not None})
    return read_settings()
