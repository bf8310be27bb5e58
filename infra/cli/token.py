"""`jobyard token`: a token for a tenant, signed with the secret of this folder or of the environment."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.output import Json, print_json


def token(
    tenant: Annotated[str, typer.Option(help="Whose jobs it may touch.")] = "default",
    scope: Annotated[str, typer.Option(help="What it may do: jobs:read, jobs:write, admin.")] = "jobs:read jobs:write",
    subject: Annotated[str, typer.Option(help="Who bears it, for people to read.")] = "local",
    days: Annotated[float, typer.Option(min=0.0001, max=3650, help="How long it is good.")] = 30,
    as_json: Json = False,
) -> None:
    """Print a new token for the HTTP API. It is signed with JOBYARD_SECRET, else with the secret in JOBYARD_DATA."""
    from api.auth import make_token
    from infra.secret import ensure_secret
    from queues.settings import read_settings

    seconds = days * 86_400
    made = make_token(ensure_secret(read_settings()), tenant=tenant, subject=subject, scope=scope, expires_in=seconds)
    if as_json:
        print_json({"token": made, "tenant": tenant, "scope": scope, "subject": subject, "expiresIn": seconds * 1000})
    else:
        print(made)
