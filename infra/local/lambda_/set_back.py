"""After the system clock was set back: the times in Lambda's tables that lie ahead, moved back by as much."""

from infra.local.request import Request

#: ?1 is by how much, ?2 the time now; both in milliseconds.
MOVES = (
    "UPDATE lambda_events SET due_at = due_at - ?1 WHERE due_at > ?2",
    "UPDATE lambda_mappings SET settles_at = settles_at - ?1 WHERE settles_at > ?2",
)


def set_back(request: Request, milliseconds: int) -> None:
    """Called by the engine, before any call that comes after the change."""
    for statement in MOVES:
        request.db.execute(statement, (milliseconds, request.now))
