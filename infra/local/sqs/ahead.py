"""When the next hidden or delayed message shows, in whatever queue: for a test that moves the clock to it.

No index serves it: it reads all messages, of which a test has few.
"""

from typing import Any

from infra.local.request import Request

NEXT_VISIBLE = """
SELECT min(visible_at) FROM sqs_messages WHERE visible_at > ? AND queue IN (SELECT id FROM sqs_queues)
"""


def next_visible(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """An operation of the engine's own: epoch milliseconds under `at`, None if no message is hidden or delayed."""
    return {"at": request.db.execute(NEXT_VISIBLE, (request.now,)).fetchone()[0]}
