"""`jobyard flows`: jobs that belong together are started, watched, cancelled and retried."""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from infra.cli.client import Client
from infra.cli.enqueue import read_json
from infra.cli.exits import BY_STATUS
from infra.cli.output import Json, ago, clean, print_json, print_table, tell

flows = typer.Typer(help="Start, watch, cancel and retry flows of jobs.", no_args_is_help=True)

FlowId = Annotated[str, typer.Argument(metavar="ID", help="The flow's id.", show_default=False)]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it has ended; the exit code tells how.")]
HEADINGS = ("ID", "NAME", "STATUS", "DONE", "FAILED", "CANCELLED", "STEPS", "CREATED")
_COLUMNS = ("id", "name", "status", "completed", "failed", "cancelled", "total")
#: Seconds between two looks at a flow that is waited for.
LOOK = 0.5


@flows.command("list")
def list_flows(
    limit: Annotated[int, typer.Option(min=1, max=200, help="Flows of one page.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended; it says so.")] = None,
    as_json: Json = False,
) -> None:
    """List flows, the newest first."""
    page = Client.from_environment().get("/flows", limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    rows = [(*(one[key] for key in _COLUMNS), ago(one["createdAt"])) for one in page["flows"]]
    print_table(HEADINGS, rows, "no flows")
    if page["cursor"]:
        tell(f"there is more: --cursor {page['cursor']}")


@flows.command()
def start(
    flow: Annotated[str, typer.Argument(metavar="JSON", help="The flow, as the API takes it; @FILE, or - for stdin.")],
    wait: Wait = False,
    as_json: Json = False,
) -> None:
    """Start a flow: its steps as JSON, such as '{"steps": [{"type": "hello", "data": {"name": "Ada"}}]}'."""
    client = Client.from_environment()
    made = client.post("/flows", read_json(flow, "JSON"))
    _tell(client, made, wait, as_json)


@flows.command()
def show(
    flow_id: FlowId,
    wait: Wait = False,
    limit: Annotated[int, typer.Option("--steps", min=1, max=200, help="Steps to show.")] = 50,
    after: Annotated[int, typer.Option(min=-1, help="Show those after this place; it says so.")] = -1,
    as_json: Json = False,
) -> None:
    """Show a flow, how far it is, and its steps."""
    client = Client.from_environment()
    path = _path(flow_id)
    shown = client.get(path, steps=limit, after=after)
    if wait:
        _wait(client, shown)
        shown = client.get(path, steps=limit, after=after)
    if as_json:
        print_json(shown)
    else:
        _card(shown)
        rows = [(one["name"], one["type"], one["status"], one["jobId"], one["error"]) for one in shown["steps"]]
        print_table(("STEP", "TYPE", "STATUS", "JOB", "ERROR"), rows, "no steps there")
        if shown["nextAfter"] is not None:
            tell(f"there is more: --after {shown['nextAfter']}")
    if wait:
        raise typer.Exit(BY_STATUS[shown["status"]])


@flows.command()
def cancel(flow_id: FlowId, as_json: Json = False) -> None:
    """Cancel a flow: start nothing more, cancel what waits, ask what runs to end."""
    client = Client.from_environment()
    _tell(client, client.delete(_path(flow_id)), False, as_json)


@flows.command()
def retry(flow_id: FlowId, wait: Wait = False, as_json: Json = False) -> None:
    """Run what has failed or was cancelled once more, and what comes after it."""
    client = Client.from_environment()
    _tell(client, client.post(f"{_path(flow_id)}/retry"), wait, as_json)


def _tell(client: Client, flow: dict[str, Any], wait: bool, as_json: bool) -> None:
    if wait:
        flow = _wait(client, flow)
    print_json(flow) if as_json else _card(flow)
    if wait:
        raise typer.Exit(BY_STATUS[flow["status"]])


def _wait(client: Client, flow: dict[str, Any]) -> dict[str, Any]:
    while flow["status"] == "running":
        time.sleep(LOOK)
        flow = client.get(_path(flow["id"]), steps=1)
    return flow


def _card(flow: dict[str, Any]) -> None:
    named = f" ({clean(flow['name'])})" if flow["name"] else ""
    phase = f", {flow['phase']}" if flow["phase"] != flow["status"] else ""
    print(f"flow {flow['id']}{named}: {flow['status']}{phase}")
    ended = flow["total"] - flow["open"]
    print(f"  {ended:,} of {flow['total']:,} steps have ended ({flow['progress']:g} %)", end="")
    print(f": {flow['completed']:,} completed, {flow['failed']:,} failed, {flow['cancelled']:,} cancelled")


def _path(flow_id: str) -> str:
    return f"/flows/{quote(flow_id, safe='')}"
