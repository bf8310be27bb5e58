"""IO: seals and opens texts of jobs, with data keys that a keeper wraps: a key file or AWS KMS.

One data key serves a tenant in one process for an hour or USES texts, so that KMS is not asked for each job; which job
and field a text belongs to is bound by the cipher itself (box.py), which tenant by KMS too, as encryption context.
Unwrapped keys are kept in memory as long: a key that is taken away stops to open within an hour.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from queues.clock import Clock
from queues.encryption.box import Box, decrypt, encrypt, place_of
from queues.encryption.key_file import KeyFile
from queues.errors import Misconfigured
from queues.job import Job
from queues.settings import Settings

#: Milliseconds for which a data key is used, and texts that it seals at the most. Random nonces are safe for 2**32.
#: (NIST SP 800-38D, 8.3)
LIFE = 3_600_000
USES = 100_000
#: Unwrapped keys that are remembered.
REMEMBERED = 1_000


class Keeper(Protocol):
    """What wraps data keys. `context` is bound to what is wrapped."""

    async def new(self, context: dict[str, str]) -> tuple[str, bytes, bytes]: ...
    async def unwrap(self, key_id: str, wrapped: bytes, context: dict[str, str]) -> bytes: ...
    async def close(self) -> None: ...


@dataclass(slots=True)
class DataKey:
    """A data key in use."""

    key_id: str
    key: bytes
    wrapped: bytes
    made_at: int
    uses: int = 0


class Sealer:
    """Seals with the keys of `keeper`; `random` makes nonces, and must be fit for that."""

    def __init__(self, keeper: Keeper, prefix: str, clock: Clock, random: Callable[[int], bytes] = os.urandom):
        self._keeper, self._prefix, self._clock, self._random = keeper, prefix, clock, random
        self._current: dict[str, DataKey] = {}
        self._opened: dict[tuple[str, bytes], tuple[bytes, int]] = {}

    async def data_key(self, tenant: str) -> DataKey:
        """The tenant's data key. Misconfigured if there is no key to wrap it; ClientError of KMS."""
        found, now = self._current.get(tenant), self._clock()
        if found is not None and found.uses < USES and now - found.made_at < LIFE and self._is_current(found):
            return found
        if len(self._current) >= REMEMBERED:
            self._current.clear()
        key_id, key, wrapped = await self._keeper.new(self._context(tenant))
        made = self._current[tenant] = DataKey(key_id, key, wrapped, now)
        return made

    def seal_with(self, data_key: DataKey, job: Job, field: str, text: str) -> str:
        """A text of a job's as its row may hold it."""
        data_key.uses += 1
        content = encrypt(data_key.key, text.encode(), place_of(job, field), self._random)
        return Box(data_key.key_id, data_key.wrapped, content).encode()

    async def seal(self, job: Job, field: str, text: str) -> str:
        """The same with the tenant's data key."""
        return self.seal_with(await self.data_key(job.tenant), job, field, text)

    async def open(self, job: Job, field: str, sealed: str) -> str:
        """The text. KeyMissing, SealBroken: it cannot be opened here; ClientError if KMS does not answer."""
        box = Box.decode(sealed)
        known, now = self._opened.get((job.tenant, box.wrapped)), self._clock()
        if known is not None and now - known[1] < LIFE:
            key = known[0]
        else:
            key = await self._keeper.unwrap(box.key_id, box.wrapped, self._context(job.tenant))
            if len(self._opened) >= REMEMBERED:
                self._opened.clear()
            self._opened[job.tenant, box.wrapped] = (key, now)
        return decrypt(key, box.content, place_of(job, field)).decode()

    async def close(self) -> None:
        """Forgets all keys and ends the keeper's connection."""
        self._current.clear()
        self._opened.clear()
        await self._keeper.close()

    def _context(self, tenant: str) -> dict[str, str]:
        return {"jobyard:prefix": self._prefix, "jobyard:tenant": tenant}

    def _is_current(self, data_key: DataKey) -> bool:
        # A rotation of the file is heeded at once, by every process that sees it.
        if not isinstance(self._keeper, KeyFile):
            return True
        keys = self._keeper.keys()
        return bool(keys) and keys[-1].id == data_key.key_id


def sealer_of(settings: Settings, clock: Clock) -> Sealer:
    """The sealer that settings ask for: with AWS KMS if they name a key, else with the data folder's key file."""
    if settings.kms_key_id is not None:
        from queues.encryption.kms import Kms

        return Sealer(Kms(settings.kms_key_id, settings), settings.prefix, clock)
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        raise Misconfigured("a job type is sensitive, and a function keeps no key file: set JOBYARD_KMS_KEY_ID")
    return Sealer(KeyFile(settings.data), settings.prefix, clock)
