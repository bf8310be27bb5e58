"""`jobyard queues`: what waits, and whether it may run."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer

from infra.cli.client import Client
from infra.cli.exits import CommandFailed, Exit
from infra.cli.operations import NoWait, watch
from infra.cli.output import Json, print_json, print_table

queues = typer.Typer(help="Look at the queues; pause, resume and purge them.", no_args_is_help=True)

HEADINGS = ("QUEUE", "WAITING", "ACTIVE", "DELAYED", "DEAD LETTERS", "PAUSED")
Name = Annotated[str, typer.Argument(metavar="QUEUE", help="A queue is named as its job type.", show_default=False)]


@queues.command("list")
def list_queues(as_json: Json = False) -> None:
    """List each job type's queue, and its levels: what waits, is worked on, is delayed, and is dead."""
    found = Client.from_environment().get("/queues/metrics")["metrics"]
    if as_json:
        print_json(found)
        return
    counts = ("name", "waiting", "active", "delayed", "deadLetters")
    rows = []
    for queue in found:
        rows.append([*(queue[name] for name in counts), "paused" if queue["paused"] else ""])
        rows += [[f"  {level['name']}", *(level[name] for name in counts[1:4]), "", ""] for level in queue["levels"]]
    print_table(HEADINGS, rows, "no queues")


@queues.command()
def pause(name: Name, as_json: Json = False) -> None:
    """Start no job of a type, of any tenant, until it is resumed. What runs goes on, what is enqueued waits."""
    _switch(name, "pause", as_json)


@queues.command()
def resume(name: Name, as_json: Json = False) -> None:
    """Let a paused type's jobs run again."""
    _switch(name, "resume", as_json)


@queues.command()
def purge(
    name: Name,
    confirm: Annotated[
        str | None, typer.Option(metavar="QUEUE", help="The queue's name once more, instead of being asked for it.")
    ] = None,
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Empty a queue, and cancel all jobs that wait in it, of every tenant. Running jobs and dead letters stay."""
    if confirm is None:
        if as_json or not sys.stdin.isatty():
            raise CommandFailed(f"this cancels all that waits in {name}; say --confirm {name} if so", Exit.USAGE)
        text = f"All jobs that wait in {name}, of every tenant, will be cancelled. Type {name} to go on"
        confirm = typer.prompt(text, err=True, default="", show_default=False)
    if confirm != name:
        raise CommandFailed(f"{confirm!r} is not {name!r}: nothing was changed", Exit.USAGE)
    client = Client.from_environment()
    watch(client, client.delete(_path(name), {"confirm": confirm}), as_json, wait=not no_wait)


def _switch(name: str, verb: str, as_json: bool) -> None:
    found: dict[str, Any] = Client.from_environment().post(f"{_path(name)}/{verb}")
    if as_json:
        print_json(found)
    else:
        print(f"{found['name']}: {'paused' if found['paused'] else 'not paused'}, {found['waiting']} waiting")


def _path(name: str) -> str:
    return f"/queues/{quote(name, safe='')}"
