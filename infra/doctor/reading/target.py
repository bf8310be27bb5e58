"""Who answers there, whose credentials these are, and what time it is there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.doctor.reading.asking import Asker, Unreadable
from infra.doctor.snapshot import Kind, Target
from infra.local.http import SERVER
from infra.serving import is_loopback
from queues.errors import JobyardError

#: Seconds in which an endpoint must answer.
PATIENCE = 5.0
#: Where emulators tell of their health. What answers nothing useful there answers at least.
HEALTH = "/health"

#: Seconds since the epoch.
Now = Callable[[], float]


class NoAnswer(JobyardError):
    """Nobody listens there, or not in HTTP."""


async def kind_of(endpoint: str, now: Now) -> tuple[Kind, float | None]:
    """Whose endpoint it is, and how many seconds its clock is ahead. NoAnswer if there is none."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NoAnswer(f"{endpoint!r} is no URL of an endpoint; write it like http://127.0.0.1:4566")
    # A proxy of the environment cannot reach this machine's own loopback.
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=not is_loopback(parts.hostname)) as client:
        before = now()
        try:
            reply = await client.get(endpoint.rstrip("/") + HEALTH)
        except httpx.TimeoutException:
            raise NoAnswer(f"{endpoint} does not answer within {PATIENCE:g} s") from None
        except httpx.HTTPError as error:
            raise NoAnswer(f"no answer from {endpoint}: {str(error) or type(error).__name__}") from None
    kind = Kind.EMBEDDED if reply.headers.get("server") == SERVER.decode() else Kind.EMULATOR
    return kind, skew(reply.headers.get("date"), before, now())


def skew(date: str | None, before: float, after: float) -> float | None:
    """Seconds that a reply's clock is ahead of ours, by its header Date, which tells the second that has begun.

    It was made somewhere between the request and the reply's arrival: within that there is no skew.
    """
    if date is None:
        return None
    try:
        there = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
    if there > after:
        return there - after
    return min(0.0, there + 1 - before)


async def identify(
    asker: Asker, endpoint: str | None, region: str, kind: Kind, now: Now
) -> tuple[Target, float | None]:
    """The target with what STS says of the credentials, and the skew by its reply."""
    before = now()
    reply: dict[str, Any] = {}
    with suppress(Unreadable):
        reply = await asker.ask("sts", "GetCallerIdentity", "whose credentials these are")
    date = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    target = Target(kind, endpoint, region, reply.get("Account"), reply.get("Arn"))
    return target, skew(date, before, now())
