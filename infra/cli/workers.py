"""`jobyard workers`: the long-running workers, and which of them have gone silent."""

from __future__ import annotations

from typing import Any

from infra.cli.client import Client
from infra.cli.output import Json, ago, print_json, print_table

HEADINGS = ("WORKER", "STATE", "SEEN", "STARTED", "RUNNING", "TYPES")


def workers(as_json: Json = False) -> None:
    """List the processes of `jobyard up` and `jobyard work`: what each works on, and when it was last heard of.

    It takes a token with the scope admin. Functions on Lambda are not among them: AWS counts those.
    """
    found = Client.from_environment().get("/workers")["workers"]
    if as_json:
        print_json(found)
        return
    print_table(HEADINGS, [_row(one) for one in found], "no workers")


def _row(worker: dict[str, Any]) -> list[object]:
    types = ", ".join(f"{one['type']} {one['running']}/{one['capacity']}" for one in worker["types"])
    state = "silent" if worker["silent"] else "draining" if worker["draining"] else "working"
    running = f"{worker['running']}/{worker['capacity']}"
    return [worker["name"], state, ago(worker["seenAt"]), ago(worker["startedAt"]), running, types]
