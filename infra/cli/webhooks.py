"""`jobyard webhooks`: who is told of jobs."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from infra.cli.client import Client
from infra.cli.output import Json, ago, clean, print_json, print_table

webhooks = typer.Typer(help="Have what happens to jobs told to URLs, signed.", no_args_is_help=True)

WebhookId = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id.", show_default=False)]
HEADINGS = ("ID", "EVENTS", "TYPES", "CREATED", "URL")


@webhooks.command("list")
def list_webhooks(as_json: Json = False) -> None:
    """List the tenant's webhooks, without their secrets."""
    found = Client.from_environment().get("/webhooks")["webhooks"]
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["id"],
            ",".join(one["events"]),
            ",".join(one["types"]) or "all",
            ago(one["createdAt"]),
            one["url"] or "(signs what goes to URLs of single jobs)",
        )
        for one in found
    ]
    print_table(HEADINGS, rows, "no webhooks")


@webhooks.command()
def create(
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="[URL]", help="Without it: a secret for URLs that single jobs name.", show_default=False
        ),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(metavar="EVENT", help="Of docs/webhooks.md; may be repeated. Without it: the ways to end."),
    ] = None,
    type: Annotated[
        list[str] | None, typer.Option(metavar="TYPE", help="Only of this job type; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Register a URL for events of jobs. Prints the secret, which is told only once."""
    body = {"url": url, "events": event or None, "types": type or None}
    _tell(Client.from_environment().post("/webhooks", body), as_json)


@webhooks.command()
def rotate(webhook_id: WebhookId, as_json: Json = False) -> None:
    """Give a webhook a new secret, and print it. The one before holds for a day."""
    _tell(Client.from_environment().post(f"/webhooks/{quote(webhook_id, safe='')}/rotate"), as_json)


@webhooks.command()
def delete(webhook_id: WebhookId, as_json: Json = False) -> None:
    """Remove a webhook; what is on its way to it is cancelled."""
    done = Client.from_environment().delete(f"/webhooks/{quote(webhook_id, safe='')}")
    print_json(done) if as_json else print(f"{webhook_id}: deleted")


def _tell(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    print(f"{made['id']}: {clean(made['url'] or 'for URLs of single jobs')}")
    print(f"  secret {made['secret']}  (it is not shown again)")
