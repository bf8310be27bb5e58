"""`jobyard operations`, and how commands begin one: an operation on many jobs is begun, listed, watched, called off."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

import typer

from infra.cli.client import Client
from infra.cli.exits import CommandFailed, Exit
from infra.cli.output import Json, ago, print_json, print_table, tell

operations = typer.Typer(help="List, watch and call off operations on many jobs.", no_args_is_help=True)

#: Seconds between two looks at an operation that is watched.
LOOK = 0.5
HEADINGS = ("ID", "ACTION", "TYPE", "TENANT", "STATUS", "DONE", "BEGUN", "BY")

Error = Annotated[str | None, typer.Option(metavar="TYPE", help="Only those whose error is of this type.")]
After = Annotated[str | None, typer.Option(metavar="TIME", help="Failed since then: 2h ago, or an ISO time with zone.")]
Before = Annotated[str | None, typer.Option(metavar="TIME", help="Failed before: 2h ago, or an ISO time with zone.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Has this tag; may be repeated.")]
Rate = Annotated[float | None, typer.Option(min=0.01, help="Jobs a second at the most.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count.")]
Everyone = Annotated[bool, typer.Option("--everyone", help="Of every tenant; needs the scope admin.")]
Tenant = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of this tenant; another than the token's needs the scope admin.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not watch it to its end.")]
OperationId = Annotated[str, typer.Argument(metavar="ID", help="The operation's id.", show_default=False)]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which failed jobs an operation is for, and how fast, as options say it."""

    error: str | None
    after: str | None
    before: str | None
    tags: list[str] | None
    rate: float | None
    everyone: bool
    tenant: str | None

    @property
    def given(self) -> bool:
        """Whether the options choose some of all failed jobs."""
        return any((self.error, self.after, self.before, self.tags))

    def body(self, type: str | None = None) -> dict[str, Any]:
        """The same as the API takes it; `type` where the route does not name one."""
        found = {
            "type": type,
            "error": self.error,
            "failedAfter": _moment("--failed-after", self.after),
            "failedBefore": _moment("--failed-before", self.before),
            "tags": self.tags,
        }
        which = {name: value for name, value in found.items() if value}
        if self.tenant is not None:
            # Also where it is empty, as a variable in a script may be: that is not the token's own tenant.
            which["tenant"] = self.tenant
        return {"filter": which, "rate": self.rate, "everyone": self.everyone}

    @property
    def whose(self) -> str:
        """Whose jobs, as the end of a question."""
        return " of every tenant" if self.everyone else "" if self.tenant is None else f" of tenant {self.tenant}"


def _moment(option: str, text: str | None) -> str | None:
    """A time as the API takes it: `90s`, `30m`, `2h` and `7d` are so long ago."""
    if text is None:
        return None
    if past := re.fullmatch(r"(\d{1,6})([smhd])", text):
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[past[2]]
        return (datetime.now(UTC) - timedelta(**{unit: int(past[1])})).isoformat()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(f"{option} {text!r} is no time; write 2h, or 2030-01-31T09:00Z", Exit.USAGE) from None
    if moment.tzinfo is None:
        raise CommandFailed(f"{option} {text!r} has no time zone; add Z for UTC", Exit.USAGE)
    return moment.isoformat()


def begin(
    path: str,
    body: dict[str, Any],
    *,
    dry_run: bool,
    wait: bool,
    as_json: bool,
    ask_first: Callable[[], None] = lambda: None,
) -> None:
    """Counts the jobs that an operation would be for, or begins it and watches it to its end."""
    client = Client.from_environment()
    if not dry_run:
        ask_first()
        watch(client, client.post(path, body), as_json, wait)
        return
    found = count(client, path, body)
    if as_json:
        print_json(found)
        return
    print(sentence(found))
    if found.get("tenants"):
        print_table(("TENANT", "JOBS"), list(found["tenants"].items()), "")


def count(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """For how many jobs an operation would be, as the API says it."""
    found: dict[str, Any] = client.post(path, body | {"dryRun": True})
    return found


def sentence(found: dict[str, Any]) -> str:
    """What `count` has found, in words."""
    return f"{'' if found['exact'] else 'at least '}{some_jobs(found['matched'])}"


def some_jobs(number: int) -> str:
    """A number of jobs in words."""
    return f"{number} {'job' if number == 1 else 'jobs'}"


def watch(client: Client, operation: dict[str, Any], as_json: bool, wait: bool) -> None:
    """Prints an operation once it has ended, or at once. Ctrl-C ends the watching, not the operation."""
    shown = -1
    if not as_json and wait:
        tell(f"operation {operation['id']}: Ctrl-C stops watching it, `jobyard operations cancel` calls it off")
    while wait and operation["status"] == "running":
        if not as_json and operation["done"] != shown:
            shown = operation["done"]
            tell(f"{operation['action']}: {shown} of {operation['examined']} looked at")
        time.sleep(LOOK)
        operation = client.get(_path(operation["id"]))
    show(operation, as_json)


def show(operation: dict[str, Any], as_json: bool) -> None:
    """Prints an operation as it stands."""
    if as_json:
        print_json(operation)
        return
    print(f"{operation['action']} {operation['id']}: {operation['status']}, {some_jobs(operation['done'])}")


@operations.command("list")
def list_operations(
    limit: Annotated[int, typer.Option(min=1, max=200, help="Operations of one page.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended; it says so.")] = None,
    as_json: Json = False,
) -> None:
    """List operations on jobs of the token's tenant, the latest first; with the scope admin everybody's."""
    page = Client.from_environment().get("/operations", limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    print_table(HEADINGS, [_row(one) for one in page["operations"]], "no operations")
    if page["cursor"]:
        tell(f"there is more: --cursor {page['cursor']}")


def _row(operation: dict[str, Any]) -> tuple[object, ...]:
    named = operation["filter"]["type"] or "all types"
    whose = operation["tenant"] or "every tenant"
    did = (operation["status"], operation["done"], ago(operation["createdAt"]), operation["createdBy"] or "")
    return operation["id"], operation["action"], named, whose, *did


@operations.command("show")
def show_operation(operation_id: OperationId, as_json: Json = False) -> None:
    """Show how far an operation is."""
    show(Client.from_environment().get(_path(operation_id)), as_json)


@operations.command()
def cancel(operation_id: OperationId, as_json: Json = False) -> None:
    """Call an operation off; what it has done stays done."""
    show(Client.from_environment().delete(_path(operation_id)), as_json)


def _path(operation_id: str) -> str:
    return f"/operations/{quote(operation_id, safe='')}"
