"""IO: what users call to register who hears of their jobs: `queue.webhooks`."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence

from queues.audit.acting import Acting, audited
from queues.catalog import Catalog
from queues.clock import Clock
from queues.errors import InvalidOption, Misconfigured, WebhookNotFound
from queues.webhooks.endpoint import ENDS, MAX_ENDPOINTS, MAX_TYPES, Endpoint, check_events, check_url
from queues.webhooks.hooks import Hooks
from queues.webhooks.store import EndpointStore

#: Bytes of randomness in a secret. (Standard Webhooks: 24 to 64)
SECRET_BYTES = 32


def new_secret() -> str:
    """A secret in the form of Standard Webhooks."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


class Webhooks:
    """The endpoints of one tenant. All methods may raise botocore's errors besides those that they name."""

    def __init__(self, hooks: Hooks | None, catalog: Catalog, tenant: str, clock: Clock, new_id: Callable[[], str]):
        self._hooks, self._catalog, self._tenant = hooks, catalog, tenant
        self._clock, self._new_id = clock, new_id
        #: In whose name changes are recorded, if in anybody's.
        self.acting: Acting | None = None

    @property
    def _endpoints(self) -> EndpointStore:
        if self._hooks is None:
            raise Misconfigured("nothing delivers webhooks here; add queues.webhooks.job to JOBYARD_JOBS")
        return self._hooks.endpoints

    @audited("webhook.create", None, "events", "types")
    async def create(
        self,
        url: str | None = None,
        *,
        events: Sequence[str] = ENDS,
        types: Sequence[str] = (),
        by: str | None = None,
    ) -> Endpoint:
        """Registers a URL for `events` of the tenant's jobs, of these `types` or of all; its secret is told here only.

        Without a URL it is the secret that signs what goes to URLs of single jobs; of those there is one at the most.
        InvalidOption, UnknownJobType; Misconfigured if the job type that delivers is not listed.
        """
        endpoints = self._endpoints
        if url is not None:
            check_url("url", url)
        check_events("events", events)
        if len(types) > MAX_TYPES or (types and url is None):
            raise InvalidOption("types", list(types), f"give {MAX_TYPES} at most, and none without a URL")
        new = Endpoint(
            id=self._new_id(),
            url=url,
            events=tuple(dict.fromkeys(events)),
            types=tuple(dict.fromkeys(self._catalog.get(name).name for name in types)),
            secrets=(new_secret(),),
            created_at=self._clock(),
            created_by=by,
        )

        def add(there: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
            if len(there) >= MAX_ENDPOINTS:
                raise InvalidOption("url", url, f"the tenant has {MAX_ENDPOINTS} webhooks; delete one first")
            if url is None and any(one.url is None for one in there):
                raise InvalidOption("url", None, "there is a secret for URLs of single jobs; rotate or delete that")
            return (*there, new)

        await endpoints.change(self._tenant, add)
        return new

    async def list(self) -> Sequence[Endpoint]:
        """All of them, the oldest first; none where the deployment delivers none."""
        return () if self._hooks is None else await self._hooks.endpoints.all(self._tenant)

    async def get(self, webhook_id: str) -> Endpoint:
        """The endpoint, or WebhookNotFound."""
        return _one(await self.list(), webhook_id)

    @audited("webhook.rotate", "webhook_id")
    async def rotate(self, webhook_id: str) -> Endpoint:
        """Gives it a new secret, told here only; for a day what is sent is signed with both. WebhookNotFound."""
        secret, now = new_secret(), self._clock()

        def change(there: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
            _one(there, webhook_id)
            return tuple(one.rotated(secret, now) if one.id == webhook_id else one for one in there)

        await self._endpoints.change(self._tenant, change)
        return await self.get(webhook_id)

    @audited("webhook.delete", "webhook_id")
    async def delete(self, webhook_id: str) -> None:
        """Removes it; what is on its way to it is cancelled. WebhookNotFound."""

        def remove(there: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
            gone = _one(there, webhook_id)
            return tuple(one for one in there if one is not gone)

        await self._endpoints.change(self._tenant, remove)


def _one(endpoints: Sequence[Endpoint], webhook_id: str) -> Endpoint:
    for one in endpoints:
        if one.id == webhook_id:
            return one
    raise WebhookNotFound(webhook_id)
