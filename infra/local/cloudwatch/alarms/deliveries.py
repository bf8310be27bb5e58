"""Deliveries: telling webhooks and functions, in the background, again when it fails, and after a restart.

A delivery is a row. An attempt is begun by putting the row off for longer than an attempt can take, so that one
that was cut short by a crash is made again; then it ends with the row removed, or put off until the next attempt.
A receiver may so be told twice, never not at all while it can be reached.
"""

import asyncio
import logging
from typing import Any

from infra.local.cloudwatch.alarms.actions import is_function
from infra.local.cloudwatch.alarms.history import note
from infra.local.errors import AwsError
from infra.local.request import Errand, Request, Submit
from queues.fetch import FetchError, FetchRefused

logger = logging.getLogger(__name__)

#: Deliveries begun in one tick.
LIMIT = 20
#: Milliseconds from a failed attempt to the next; there is one attempt more than there are pauses.
PAUSES = (5_000, 30_000, 120_000)
#: Seconds that an attempt may take.
TIMEOUT = 20.0
#: Milliseconds after which an attempt that was not ended counts as lost.
LOST = 60_000

DUE = """
SELECT id, region, alarm, action, body, attempts FROM cw_deliveries WHERE due_at <= ? ORDER BY due_at LIMIT ?
"""
BEGIN = "UPDATE cw_deliveries SET attempts = attempts + 1, due_at = ? WHERE id = ?"
PUT_OFF = "UPDATE cw_deliveries SET due_at = ? WHERE id = ?"
END = "DELETE FROM cw_deliveries WHERE id = ? RETURNING region, alarm, action"


def deliver_due(request: Request) -> int | None:
    """Begin those deliveries that are due, and answer when the next one is (epoch milliseconds)."""
    for id, region, alarm, action, body, attempts in request.db.execute(DUE, (request.now, LIMIT)).fetchall():
        if attempts > len(PAUSES):
            _finish(request, {"id": id, "error": "it did not end before this process did"})
            continue
        request.db.execute(BEGIN, (request.now + LOST, id))
        request.spawn(_errand(id, region, alarm, action, body, attempts + 1))
    due: int | None = request.db.execute("SELECT min(due_at) FROM cw_deliveries").fetchone()[0]
    return due


def _errand(id: int, region: str, alarm: str, action: str, body: str, attempt: int) -> Errand:
    async def run(submit: Submit) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                await _tell(submit, action, body)
        except (FetchError, AwsError, TimeoutError) as error:
            why = str(error) or f"it took longer than {TIMEOUT:g} s"
            logger.warning("the alarm %s in %s could not tell %s: %s", alarm, region, action, why)
            if attempt > len(PAUSES) or isinstance(error, FetchRefused):
                await submit(_finish, {"id": id, "error": why})
            else:
                await submit(_put_off, {"id": id, "pause": PAUSES[attempt - 1]})
        else:
            await submit(_finish, {"id": id, "error": None})

    return run


async def _tell(submit: Submit, action: str, body: str) -> None:
    if is_function(action):
        from infra.local.lambda_ import OPERATIONS

        invoke = OPERATIONS.get("Invoke")
        if invoke is None:
            raise AwsError("UnknownOperationException", "the embedded AWS cannot invoke functions here")
        await submit(invoke, {"FunctionName": action, "InvocationType": "Event", "Payload": body.encode()})
    else:
        from infra.local.cloudwatch.alarms import webhook  # its libraries are only needed here

        await asyncio.to_thread(webhook.post, action, body.encode())


def _put_off(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    due = request.now + params["pause"]
    request.db.execute(PUT_OFF, (due, params["id"]))
    request.alarm(due)
    return {}


def _finish(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    row = request.db.execute(END, (params["id"],)).fetchone()
    if row is not None:
        region, alarm, action = row
        data = {"notificationResource": action}
        if params["error"] is None:
            summary = f"Successfully executed action {action}"
        else:
            summary = f"Failed to execute action {action}"
            data["error"] = params["error"]
        note(request, region, alarm, "Action", summary, data)
    return {}
