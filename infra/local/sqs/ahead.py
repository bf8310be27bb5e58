"""What there is in all queues, and what comes next: for a test that moves the clock and works when it says so.

No index serves these: they read all messages, of which a test has few.
"""

from typing import Any

from infra.local.request import Request

NEXT_VISIBLE = """
SELECT min(visible_at) FROM sqs_messages WHERE visible_at > ? AND queue IN (SELECT id FROM sqs_queues)
"""
OCCUPIED = """
SELECT region, name FROM sqs_queues WHERE id IN (SELECT queue FROM sqs_messages WHERE visible_at <= ?)
"""


def next_visible(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """An operation of the engine's own: epoch milliseconds under `at`, None if no message is hidden or delayed."""
    return {"at": request.db.execute(NEXT_VISIBLE, (request.now,)).fetchone()[0]}


def occupied(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """An operation of the engine's own: (region, name) of each queue with a visible message, under `queues`."""
    return {"queues": set(request.db.execute(OCCUPIED, (request.now,)).fetchall())}
