"""After the system clock was set back: alarms, deliveries and the queues' metrics go on at once, not in an hour."""

from infra.local.cloudwatch.queue_metrics import hasten
from infra.local.request import Request

#: ?1 is by how much, ?2 the time now; both in milliseconds.
MOVES = (
    "UPDATE cw_alarms SET due_at = due_at - ?1 WHERE due_at > ?2",
    "UPDATE cw_deliveries SET due_at = due_at - ?1 WHERE due_at > ?2",
)


def set_back(request: Request, milliseconds: int) -> None:
    """Called by the engine, before any call that comes after the change."""
    for statement in MOVES:
        request.db.execute(statement, (milliseconds, request.now))
    hasten(request, milliseconds)
