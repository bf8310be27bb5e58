"""A message move task: its row, its handle, and the pace at which it may move.

A task is finite: it moves as many messages as were visible in its source when it started, so that messages which
fail again and come back do not go round for ever. It goes on after a restart, for all that it knows is in its row.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.queue import Queue

SCHEMA = """
CREATE TABLE IF NOT EXISTS sqs_move_tasks (
    number      INTEGER PRIMARY KEY,   -- later tasks have larger ones
    id          TEXT NOT NULL UNIQUE,
    region      TEXT NOT NULL,
    source      TEXT NOT NULL,         -- a queue's name
    destination TEXT NOT NULL,         -- a queue's name; '': each message goes back to where it came from
    rate        INTEGER NOT NULL,      -- messages a second; 0: as fast as may be
    status      TEXT NOT NULL,
    moved       INTEGER NOT NULL,
    to_move     INTEGER NOT NULL,      -- those visible in the source at the start
    failure     TEXT NOT NULL,
    started_at  INTEGER NOT NULL,      -- epoch milliseconds
    next_at     INTEGER NOT NULL       -- epoch microseconds: when the next message may move
);
CREATE INDEX IF NOT EXISTS sqs_move_tasks_of ON sqs_move_tasks (region, source, number);
CREATE INDEX IF NOT EXISTS sqs_move_tasks_running ON sqs_move_tasks (next_at) WHERE status = 'RUNNING';
"""

RUNNING, COMPLETED, CANCELLED, FAILED = "RUNNING", "COMPLETED", "CANCELLED", "FAILED"

#: Microseconds of its pace that a task may make up for at once, after it was kept waiting.
CATCH_UP = 1_000_000


@dataclass(slots=True)
class MoveTask:
    """One row of `sqs_move_tasks`, its columns in their order."""

    number: int
    id: str
    region: str
    source: str
    destination: str
    rate: int
    status: str
    moved: int
    to_move: int
    failure: str
    started_at: int
    next_at: int

    def allowance(self, now: int, most: int) -> int:
        """How many messages may be moved at `now` (epoch ms), `most` at most."""
        left = min(self.to_move - self.moved, most)
        if not self.rate or left <= 0:
            return max(left, 0)
        behind = now * 1000 - self.next_at
        return 0 if behind < 0 else min(min(behind, CATCH_UP) * self.rate // 1_000_000 + 1, left)

    def advance(self, now: int, messages: int) -> None:
        """Note that so many were moved at `now`, and when the next may follow."""
        self.moved += messages
        if self.rate:
            self.next_at = max(self.next_at, now * 1000 - CATCH_UP) + messages * 1_000_000 // self.rate
        else:
            self.next_at = now * 1000

    def handle(self, source_arn: str) -> str:
        """The TaskHandle, in the form that AWS gives it."""
        return b64encode(
            json.dumps({"taskId": self.id, "sourceArn": source_arn}, separators=(",", ":")).encode()
        ).decode()


COLUMNS = ", ".join(field.name for field in fields(MoveTask))
PLACES = ", ".join("?" for _ in fields(MoveTask))
INSERT = f"INSERT INTO sqs_move_tasks ({COLUMNS}) VALUES ({PLACES})"  # noqa: S608 (names of our own)
SELECT = f"SELECT {COLUMNS} FROM sqs_move_tasks"  # noqa: S608
UPDATE = "UPDATE sqs_move_tasks SET status = ?, moved = ?, failure = ?, next_at = ? WHERE number = ?"
LATEST = f"{SELECT} WHERE region = ? AND source = ? ORDER BY number DESC LIMIT ?"
RUNNING_NEXT = f"{SELECT} WHERE status = 'RUNNING' ORDER BY next_at"
COUNT_RUNNING = "SELECT count(*) FROM sqs_move_tasks WHERE status = 'RUNNING'"
NEXT_NUMBER = "SELECT coalesce(max(number), 0) + 1 FROM sqs_move_tasks"
#: All but the latest tasks of a source.
FORGET_OLD = """
DELETE FROM sqs_move_tasks WHERE region = ?1 AND source = ?2 AND number NOT IN (
    SELECT number FROM sqs_move_tasks WHERE region = ?1 AND source = ?2 ORDER BY number DESC LIMIT ?3
)
"""


def task_in(handle: str) -> tuple[str, str] | None:
    """The task's id and its source's ARN in a TaskHandle, None for what no StartMessageMoveTask answered."""
    try:
        content = json.loads(b64decode(handle, validate=True))
        task_id, source_arn = content["taskId"], content["sourceArn"]
        if task_id.isascii() and source_arn.isascii():
            return task_id, source_arn
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return None


def add_task(request: Request, task: MoveTask) -> None:
    """Keep a new task, and of its source's earlier ones as many as a listing may ask for."""
    request.db.execute(INSERT, astuple(task))
    request.db.execute(FORGET_OLD, (task.region, task.source, limits.MAX_LISTED_TASKS))


def save_task(request: Request, task: MoveTask) -> None:
    request.db.execute(UPDATE, (task.status, task.moved, task.failure, task.next_at, task.number))


def next_number(request: Request) -> int:
    number: int = request.db.execute(NEXT_NUMBER).fetchone()[0]
    return number


def find_task(request: Request, task_id: str) -> MoveTask | None:
    row = request.db.execute(f"{SELECT} WHERE id = ?", (task_id,)).fetchone()
    return None if row is None else MoveTask(*row)


def latest_tasks(request: Request, queue: Queue, most: int) -> list[MoveTask]:
    """The tasks whose source the queue is, the newest first."""
    return [MoveTask(*row) for row in request.db.execute(LATEST, (queue.region, queue.name, most))]


def running_tasks(request: Request) -> Iterator[MoveTask]:
    """Those that have waited longest for their next message first."""
    for row in request.db.execute(RUNNING_NEXT).fetchall():
        yield MoveTask(*row)


def count_running(request: Request) -> int:
    count: int = request.db.execute(COUNT_RUNNING).fetchone()[0]
    return count


def forget_tasks(request: Request, queue: Queue) -> None:
    """With a queue go the tasks whose source it was."""
    request.db.execute("DELETE FROM sqs_move_tasks WHERE region = ? AND source = ?", (queue.region, queue.name))
