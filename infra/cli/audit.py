"""`jobyard audit`: who did what to which job, queue or schedule."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra.cli.client import Client
from infra.cli.output import Json, ago, print_json, print_table, tell

HEADINGS = ("WHEN", "WHO", "FROM", "ACTION", "TARGET", "RESULT", "ASKED FOR")


def audit(
    action: Annotated[str | None, typer.Option(metavar="ACTION", help="Only this one, such as job.cancel.")] = None,
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this subject of a token did.")] = None,
    target: Annotated[str | None, typer.Option(metavar="NAME", help="Only what was done to this job or queue.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Entries of one page.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended; it says so.")] = None,
    as_json: Json = False,
) -> None:
    """List who did what to which job, queue or schedule, when and from where; the latest first."""
    client = Client.from_environment()
    page: dict[str, Any] = {"entries": [], "cursor": cursor}
    while len(page["entries"]) < limit:
        # A page of the server's is what a month has; an empty month is not the end.
        rest, after = limit - len(page["entries"]), page["cursor"]
        more = client.get("/audit", limit=rest, cursor=after, action=action, actor=actor, target=target)
        page = {"entries": page["entries"] + more["entries"], "cursor": more["cursor"]}
        if page["cursor"] is None:
            break
    if as_json:
        print_json(page)
        return
    print_table(HEADINGS, [_row(entry) for entry in page["entries"]], "nothing is recorded")
    if page["cursor"]:
        tell(f"there is more: --cursor {page['cursor']}")


def _row(entry: dict[str, Any]) -> tuple[object, ...]:
    result = entry["result"] or "not known"
    if entry["detail"]:
        result += f" ({entry['detail']})"
    asked = ", ".join(f"{name}={value}" for name, value in entry["parameters"].items())
    when = f"{entry['at']} ({ago(entry['at'])})"
    return when, entry["actor"], entry["origin"] or "", entry["action"], entry["target"] or "", result, asked
