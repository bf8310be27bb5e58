"""One page of a listing, and the opaque token with which it goes on: what the page ended with, in base64."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from infra.local.scheduler.errors import invalid
from infra.local.scheduler.limits import MAX_RESULTS


def page_size(params: dict[str, Any]) -> int:
    return int(params.get("MaxResults", MAX_RESULTS))


def next_token(*last: str) -> str:
    """The token for what comes after the row with these names."""
    return urlsafe_b64encode(orjson.dumps(last)).decode()


def position(params: dict[str, Any], parts: int) -> tuple[str, ...]:
    """The names after which the page begins: empty ones without a token."""
    if "NextToken" not in params:
        return ("",) * parts
    try:
        last = orjson.loads(urlsafe_b64decode(params["NextToken"].encode("ascii")))
    except ValueError:
        last = None
    if not isinstance(last, list) or len(last) != parts or not all(isinstance(part, str) for part in last):
        raise invalid("Invalid NextToken.")
    return tuple(last)
