"""ClientRequestToken: a transaction that was done is remembered for ten minutes, with a fingerprint of its request.

A repeated request is answered again without writing again; the same token with another request is refused.
"""

import hashlib
from typing import Any

import orjson

from infra.local.dynamodb.errors import constraint
from infra.local.dynamodb.limits import REQUEST_TOKEN_MS
from infra.local.errors import AwsError
from infra.local.request import Request

_LENGTHS = range(1, 37)

_FIND = "SELECT fingerprint FROM dynamodb_tokens WHERE region = ? AND token = ? AND expires_at > ?"
_KEEP = "INSERT OR REPLACE INTO dynamodb_tokens (region, token, fingerprint, expires_at) VALUES (?, ?, ?, ?)"
_DROP = "DELETE FROM dynamodb_tokens WHERE expires_at <= ?"


def fingerprint(params: dict[str, Any]) -> bytes:
    """What must be the same in a repeated request."""
    return hashlib.sha256(orjson.dumps(params, default=repr, option=orjson.OPT_SORT_KEYS)).digest()


def was_done(request: Request, token: str, mark: bytes) -> bool:
    """Whether this very request was done already; raises when another one had the token."""
    if len(token) not in _LENGTHS:
        bound = f"less than or equal to {_LENGTHS.stop - 1}" if token else "greater than or equal to 1"
        raise constraint(token, "clientRequestToken", f"Member must have length {bound}")
    row = request.db.execute(_FIND, (request.region, token, request.now)).fetchone()
    if row is not None and row[0] != mark:
        raise AwsError(
            "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request. Do not reuse a "
            "client token with different requests, unless the requests are identical",
        )
    return row is not None


def remember(request: Request, token: str, mark: bytes) -> None:
    request.db.execute(_DROP, (request.now,))
    request.db.execute(_KEEP, (request.region, token, mark, request.now + REQUEST_TOKEN_MS))
