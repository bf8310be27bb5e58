"""What was deleted of late, by its ClientToken: a deletion that is sent again succeeds again.

Clients send a token with every deletion and the same one when they repeat it, so a repeated call whose first answer
was lost does not fail with "does not exist".
"""

from infra.local.request import Request
from infra.local.scheduler.limits import REMOVE_LIMIT, TOKEN_MEMORY

REMEMBER = "INSERT OR REPLACE INTO scheduler_deletions (arn, token, deleted_at) VALUES (?, ?, ?)"
RECALL = "SELECT deleted_at FROM scheduler_deletions WHERE arn = ? AND token = ?"
FORGET = """
DELETE FROM scheduler_deletions
WHERE (arn, token) IN (SELECT arn, token FROM scheduler_deletions WHERE deleted_at <= ? LIMIT ?)
"""


def remember_deletion(request: Request, arn: str, token: str | None) -> None:
    if token is not None:
        request.db.execute(REMEMBER, (arn, token, request.now))


def already_deleted(request: Request, arn: str, token: str | None) -> bool:
    """Whether a deletion with this token was done a short while ago."""
    if token is None:
        return False
    row = request.db.execute(RECALL, (arn, token)).fetchone()
    return row is not None and bool(row[0] > request.now - TOKEN_MEMORY)


def sweep(request: Request) -> int:
    """Forget old deletions; how many."""
    return request.db.execute(FORGET, (request.now - TOKEN_MEMORY, REMOVE_LIMIT)).rowcount
