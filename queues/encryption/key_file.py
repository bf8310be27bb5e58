"""IO: the keys that wrap data keys, in a file of the data folder that only its owner reads.

The last key of the file wraps; all of them unwrap, so that what was sealed before a rotation stays readable. A file is
written whole beside the old one, and takes its name: killed anywhere, either the old one or the new one is there. Two
that make the first key, or rotate, at once do so one after the other.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from queues.encryption.box import KEY_BYTES, decrypt, encrypt
from queues.errors import KeyMissing, Misconfigured

#: The file's name in the data folder.
NAME = "keys.json"
#: Only their owner reads and writes it.
PRIVATE = 0o600
#: Bytes of a key's name, written as twice as many digits.
ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file."""

    id: str
    key: bytes
    #: Epoch ms.
    created_at: int


class KeyFile:
    """The keys in `folder`."""

    def __init__(self, folder: Path, random: Callable[[int], bytes] = os.urandom):
        self.path = folder / NAME
        self._random = random
        self._read_at: tuple[int, int] | None = None
        self._keys: list[Key] = []

    # --- for whoever looks after the keys ---------------------------------------------------------------------

    def keys(self) -> list[Key]:
        """The keys, oldest first; none if there is no file. Misconfigured if it is damaged."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return []
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._read_at:
            self._keys, self._read_at = self._read(), seen
        return self._keys

    def ensure(self, now: int) -> None:
        """Makes the first key, at `now` (epoch ms), if there is none."""
        if not self.keys():
            with self._locked():
                if not self.keys():
                    self._add(now)

    def rotate(self, now: int) -> Key:
        """Makes a new key, which wraps from now on; the older ones go on to unwrap."""
        with self._locked():
            return self._add(now)

    # --- for the sealer ---------------------------------------------------------------------------------------

    async def new(self, context: dict[str, str]) -> tuple[str, bytes, bytes]:
        """The wrapping key's id, a new data key, and the data key wrapped. Misconfigured if there is no key."""
        keys = self.keys()
        if not keys:
            raise Misconfigured(
                f"a job type is sensitive, and there is no key: {self.path} does not exist; "
                "make one with `jobyard keys rotate`, or set JOBYARD_KMS_KEY_ID"
            )
        data_key = self._random(KEY_BYTES)
        return keys[-1].id, data_key, encrypt(keys[-1].key, data_key, orjson.dumps(context), self._random)

    async def unwrap(self, key_id: str, wrapped: bytes, context: dict[str, str]) -> bytes:
        """The data key. KeyMissing if the file has not the key that wrapped it."""
        for key in self.keys():
            if key.id == key_id:
                return decrypt(key.key, wrapped, orjson.dumps(context))
        raise KeyMissing(key_id, f"is not in {self.path}")

    async def close(self) -> None:
        """There is no connection."""

    def _read(self) -> list[Key]:
        try:
            rows = orjson.loads(self.path.read_bytes())["keys"]
            return [Key(row["id"], base64.b64decode(row["key"], validate=True), row["createdAt"]) for row in rows]
        except (ValueError, KeyError, TypeError):
            raise Misconfigured(f"{self.path} is damaged: put a copy of it in its place; do not delete it") from None

    def _add(self, now: int) -> Key:
        made = Key(self._random(ID_BYTES).hex(), self._random(KEY_BYTES), now)
        rows = [
            {"id": key.id, "key": base64.b64encode(key.key).decode(), "createdAt": key.created_at}
            for key in (*self.keys(), made)
        ]
        draft = self.path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.write(orjson.dumps({"keys": rows}, option=orjson.OPT_INDENT_2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return made

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, PRIVATE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)
