"""After the system clock was set back: retries come as soon as they would have.

Schedules stay as they are: they follow the calendar, and a time that comes again has been. A rate, too, counts on from
the times that it has named.
"""

from infra.local.request import Request

#: ?1 is by how much, ?2 the time now; both in milliseconds. An invocation's age counts from `due_at`.
MOVE = "UPDATE scheduler_retries SET next_at = next_at - ?1, due_at = due_at - ?1 WHERE next_at > ?2"


def set_back(request: Request, milliseconds: int) -> None:
    """Called by the engine, before any call that comes after the change."""
    request.db.execute(MOVE, (milliseconds, request.now))
