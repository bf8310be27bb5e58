"""A key in memory that goes with its process: for databases that do the same, in tests and in `jobyard invoke`."""

from __future__ import annotations

import os
from collections.abc import Callable

import orjson

from queues.clock import system_clock
from queues.encryption.box import KEY_BYTES, decrypt, encrypt
from queues.encryption.sealer import Sealer
from queues.settings import Settings


class PassingKey:
    """Wraps data keys with a key that nobody else ever has."""

    def __init__(self) -> None:
        self._key = os.urandom(KEY_BYTES)

    async def new(self, context: dict[str, str]) -> tuple[str, bytes, bytes]:
        """A name, a new data key, and the data key wrapped."""
        data_key = os.urandom(KEY_BYTES)
        return "passing", data_key, encrypt(self._key, data_key, orjson.dumps(context), os.urandom)

    async def unwrap(self, key_id: str, wrapped: bytes, context: dict[str, str]) -> bytes:
        """The data key; SealBroken if another process's key wrapped it."""
        return decrypt(self._key, wrapped, orjson.dumps(context))

    async def close(self) -> None:
        """There is no connection."""


def passing_sealer(settings: Settings) -> Callable[[], Sealer]:
    """What `assemble` takes as a sealer."""
    return lambda: Sealer(PassingKey(), settings.prefix, system_clock)
