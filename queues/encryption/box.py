"""A text sealed with a data key, as it stands in a row: AES-256-GCM, bound to its tenant, type, job and field. Pure.

A sealed text put into another job's row, or another field, does not open. It carries its data key, wrapped by a key
that never leaves its keeper: a key file, or AWS KMS.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from queues.errors import SealBroken
from queues.job import MARK, Job

#: In front of a sealed text, and of an object some of whose members are sealed.
SEALED = f"{MARK}sealed"
FIELDS = f"{MARK}fields"
#: Bytes of a data key, and of a nonce. (NIST SP 800-38D: 96 bits)
KEY_BYTES = 32
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Box:
    """What a sealed text consists of."""

    #: Which key has wrapped the data key.
    key_id: str
    wrapped: bytes
    #: Nonce, ciphertext and tag.
    content: bytes

    def encode(self) -> str:
        return (
            SEALED
            + orjson.dumps({"key": self.key_id, "wrapped": _b64(self.wrapped), "box": _b64(self.content)}).decode()
        )

    @classmethod
    def decode(cls, text: str) -> Box:
        """SealBroken if it is no sealed text."""
        try:
            value = orjson.loads(text[len(SEALED) :])
            return cls(value["key"], base64.b64decode(value["wrapped"]), base64.b64decode(value["box"]))
        except (ValueError, KeyError, TypeError):
            raise SealBroken("it is no sealed text") from None


def is_sealed(text: str | None) -> bool:
    """Whether a text of a row is sealed, as a whole or in part."""
    return text is not None and text.startswith((SEALED, FIELDS))


def place_of(job: Job, field: str) -> bytes:
    """What a sealed text is bound to. None of the parts can hold a NUL."""
    return "\0".join((job.tenant, job.type, job.id, field)).encode()


def encrypt(key: bytes, text: bytes, place: bytes, random: Callable[[int], bytes]) -> bytes:
    """Nonce, ciphertext and tag."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = random(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, place)


def decrypt(key: bytes, content: bytes, place: bytes) -> bytes:
    """The text; SealBroken if it was sealed with another key, for another place, or has been changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], place)
    except (InvalidTag, ValueError):
        raise SealBroken("it was sealed with another key or for another place, or has been changed") from None


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
