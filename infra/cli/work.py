"""`jobyard work`: the worker alone, on any AWS-compatible endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.exits import CommandFailed, Exit
from infra.cli.flags import Data, Host, Port, settings_with
from infra.cli.output import Json, print_json, tell
from infra.cli.up import stopping_line

if TYPE_CHECKING:
    from infra.work import Working


def work(
    types: Annotated[
        str | None, typer.Option(metavar="TYPE,...", help="Only these job types.", show_default="all of the catalog")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="Make table and queues where they are missing.")] = False,
    drain: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Running jobs get so long at a stop. [JOBYARD_GRACE, 10]", show_default=False
        ),
    ] = None,
    health: Annotated[
        str | None,
        typer.Option(
            metavar="PORT|HOST:PORT",
            help="Tell there how it is: /live, /ready, /metrics. A port alone is on the loopback. [JOBYARD_HEALTH]",
            show_default=False,
        ),
    ] = None,
    rounds: Annotated[
        bool,
        typer.Option(
            "--rounds/--no-rounds", help="Mend what a crash left behind; or leave that to a deployment's functions."
        ),
    ] = True,
    api: Annotated[bool, typer.Option("--api", help="Serve the HTTP API too.")] = False,
    port: Port = None,
    host: Host = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Work on the queues of AWS_ENDPOINT_URL, or of AWS if that is not set, until Ctrl-C.

    The first Ctrl-C (or SIGTERM) ends the polling; running jobs may finish. A second one ends them, too. What has not
    finished is handed back to its queue at once, its attempt unburnt, for another worker.

    As many of these as you like may run, beside Lambda functions or instead of them. To add worker processes to
    `jobyard up`, point AWS_ENDPOINT_URL at its AWS endpoint.
    """
    names = None if types is None else [name.strip() for name in types.split(",") if name.strip()]
    if names == []:
        raise CommandFailed("--types names no job type; leave it out for all of the catalog", Exit.USAGE)
    settings = settings_with(port=port, host=host, data=data, grace=drain, health=health)

    from infra import loop
    from infra.cli.logs import configure
    from infra.work import work as run

    on_output = configure(settings)
    loop.run(
        run(
            settings,
            on_output=on_output,
            types=names,
            create=create,
            serve_api=api,
            rounds=rounds,
            on_ready=lambda working: print_json(_as_json(working)) if as_json else tell(_greeting(working)),
            on_stopping=lambda running: tell(stopping_line(running, settings.grace)),
        )
    )


def _as_json(working: Working) -> dict[str, object]:
    return {
        "endpoint": working.endpoint,
        "region": working.region,
        "types": working.types,
        "api": working.api,
        "health": working.health,
        "pid": working.pid,
    }


def _greeting(working: Working) -> str:
    lines = [f"working on {', '.join(working.types)} of {working.endpoint} in {working.region}. Ctrl-C stops it."]
    if working.api is not None:
        lines.append(f"API: {working.api}/api/v1/jobs")
    if working.health is not None:
        lines.append(f"health: {working.health}/live, /ready and /metrics")
    return "\n".join(lines)
