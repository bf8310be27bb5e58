"""What a row holds in place of a text that is kept elsewhere, and how an artifact is named. Pure.

A key is `TENANT~CHECK/JOB~CHECK/NONCE`. Tenants and ids may be `..`, hold colons, or differ from each other in capitals
alone, which some file systems do not tell apart: the checksum at the end of each name sees to all that. The nonce is
random and new with each write, so that two writers never meet, nobody guesses a key, and what the sweep has found to
be nobody's can never become somebody's.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from hashlib import sha256

import orjson

from queues.errors import ArtifactLost
from queues.job import MARK

#: In front of a reference to an artifact.
HEAD = f"{MARK}artifact"
#: Between a name and its checksum; no tenant or id holds it.
TILDE = "~"


@dataclass(frozen=True, slots=True)
class Reference:
    """Which artifact holds a text, and what it must be."""

    key: str
    #: Bytes of the text as UTF-8.
    size: int
    sha256: str

    @classmethod
    def to(cls, key: str, content: bytes) -> Reference:
        """A reference to `content`, kept under `key`."""
        return cls(key, len(content), sha256(content).hexdigest())

    def encode(self) -> str:
        """The text that a row holds."""
        return HEAD + orjson.dumps({"key": self.key, "size": self.size, "sha256": self.sha256}).decode()

    def check(self, content: bytes) -> str:
        """The content as text; ArtifactLost if it is not what was kept."""
        if len(content) != self.size or sha256(content).hexdigest() != self.sha256:
            raise ArtifactLost(self.key, "is not what was kept there: it has been changed or damaged")
        return content.decode()


def reference_in(text: str | None) -> Reference | None:
    """The reference that a row's text is, or None if it is the text itself."""
    if text is None or not text.startswith(HEAD):
        return None
    value = orjson.loads(text[len(HEAD) :])
    return Reference(value["key"], value["size"], value["sha256"])


def folder_of(tenant: str, job_id: str) -> str:
    """In front of the keys of a job's artifacts, with a slash at its end."""
    return f"{_name(tenant)}/{_name(job_id)}/"


def owner_of(key: str) -> tuple[str, str] | None:
    """The tenant and the job of a key, or None if no job of ours made it."""
    parts = key.split("/")
    if len(parts) != 3:
        return None
    tenant, job_id = (part.rpartition(TILDE)[0] for part in parts[:2])
    return (tenant, job_id) if key.startswith(folder_of(tenant, job_id)) else None


def _name(part: str) -> str:
    return f"{part}{TILDE}{zlib.crc32(part.encode()):08x}"
