"""`jobyard token`: a token for a tenant, signed with the secret of this folder or of the environment."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.output import Json, print_json


def token(
    tenant: Annotated[str, typer.Option(help="Whose jobs it may touch.")] = "default",
    scope: Annotated[
        str, typer.Option(help="What it may do: jobs:read, jobs:write, admin, metrics.")
    ] = "jobs:read jobs:write",
    subject: Annotated[str, typer.Option(help="Who bears it, for people to read.")] = "local",
    stack: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="For a deployment on AWS: its stack, such as jobyard-dev.", show_default=False
        ),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --stack: the stack's region.", show_default=False)
    ] = None,
    days: Annotated[float, typer.Option(min=0.0001, max=3650, help="How long it is good.")] = 30,
    as_json: Json = False,
) -> None:
    """Print a new token for the HTTP API.

    It is signed with JOBYARD_SECRET, else with the secret of the stack, else with the one in JOBYARD_DATA.
    """
    from api.auth import make_token
    from infra.secret import ensure_secret
    from queues.settings import read_settings

    settings, seconds = read_settings(), days * 86_400
    if stack is not None and settings.secret is None:
        from infra.deploy.account import open_account

        secret = open_account(region).token_secret(stack)
    else:
        secret = ensure_secret(settings)
    made = make_token(secret, tenant=tenant, subject=subject, scope=scope, expires_in=seconds)
    if as_json:
        print_json({"token": made, "tenant": tenant, "scope": scope, "subject": subject, "expiresIn": seconds * 1000})
    else:
        print(made)
