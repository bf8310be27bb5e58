"""Who wants to hear of which events of which jobs, at which URL, and by which secret they know it is us. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

import orjson

from queues.errors import InvalidOption
from queues.events.event import LAST, EventKind
from queues.fetch.address import is_public
from queues.fetch.errors import FetchRefused
from queues.fetch.policy import FetchPolicy
from queues.fetch.source import parse

#: What a webhook may tell of, and what it tells of unless it is asked for more or less: the ways to end.
EVENTS = tuple(kind.value for kind in EventKind)
ENDS = tuple(kind.value for kind in EventKind if kind in LAST)
#: Endpoints of one tenant, and job types of one filter: they are one row, and each is asked at each event of a job.
MAX_ENDPOINTS = 20
MAX_TYPES = 50
MAX_URL_CHARS = 1_024
#: Milliseconds for which the secret before is used besides the new one.
ROTATION_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where a single job wants to be told of: `webhook=Webhook(url=...)`."""

    url: str
    #: Of EVENTS.
    events: Sequence[str] = ENDS

    def __post_init__(self) -> None:
        check_url("webhook.url", self.url)
        check_events("webhook.events", self.events)

    def to_json(self) -> dict[str, Any]:
        return {"url": self.url, "events": list(self.events)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Webhook:
        return cls(url=value["url"], events=tuple(value["events"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A tenant's registration. One without a URL holds the secret that signs what goes to URLs of single jobs."""

    id: str
    url: str | None
    events: tuple[str, ...] = ENDS
    #: Job types; none: all.
    types: tuple[str, ...] = ()
    #: The newest first, `whsec_` and base64. Never shown but once, when it is made.
    secrets: tuple[str, ...] = field(repr=False)
    #: Epoch ms from which only the newest secret is used.
    rotated_at: int = 0
    created_at: int
    created_by: str | None = None

    def wants(self, type_name: str, event: str | None = None) -> bool:
        """Whether it is to hear of jobs of a type, and of that event."""
        heard = event is None or event in self.events
        return self.url is not None and heard and (not self.types or type_name in self.types)

    def signing(self, now: int) -> tuple[str, ...]:
        """The secrets to sign with."""
        return self.secrets if now < self.rotated_at + ROTATION_MS else self.secrets[:1]

    def rotated(self, secret: str, now: int) -> Endpoint:
        """The same with a new secret; the one before is used for a day more."""
        return replace(self, secrets=(secret, self.secrets[0]), rotated_at=now)


def own_of(text: str | None) -> Webhook | None:
    """What a job's row says of the URL that it has named itself."""
    return None if text is None else Webhook.from_json(orjson.loads(text))


def signer(endpoints: tuple[Endpoint, ...]) -> Endpoint | None:
    """The endpoint whose secret signs what goes to a URL that a single job has named."""
    return next((one for one in endpoints if one.url is None), None)


def check_events(name: str, events: Sequence[str]) -> None:
    """InvalidOption for a word that is none of EVENTS, or for none at all."""
    if isinstance(events, str) or not events or any(event not in EVENTS for event in events):
        raise InvalidOption(name, events if isinstance(events, str) else list(events), f"use {', '.join(EVENTS)}")


def check_url(name: str, url: str) -> None:
    """InvalidOption for what no webhook may be sent to. Where a name leads to is looked at when it is sent."""
    if len(url) > MAX_URL_CHARS:
        raise InvalidOption(name, url[:80], f"give {MAX_URL_CHARS:,} characters at most")
    try:
        source = parse(url)
        host, port = source.parts.hostname, source.parts.port
    except (FetchRefused, ValueError) as error:
        raise InvalidOption(name, url[:80], str(error)) from None
    if source.scheme not in ("http", "https") or not host:
        raise InvalidOption(name, source.shown, "give an http:// or https:// URL")
    if source.parts.username is not None or source.parts.password is not None or source.parts.fragment:
        raise InvalidOption(name, source.shown, "give a URL without user, password and fragment")
    try:
        address = ip_address(host)
    except ValueError:
        return
    used = port or (443 if source.scheme == "https" else 80)
    if not is_public(address) and (host.lower(), used) not in FetchPolicy.from_environment().allow:
        cure = f"it is a private address; an operator who trusts it adds {host}:{used} to JOBYARD_FETCH_ALLOW"
        raise InvalidOption(name, source.shown, cure)
