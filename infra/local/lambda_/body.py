"""The body of a reply that clients read as a stream: plain bytes, and `await body.read()` for a direct caller."""

from __future__ import annotations

from typing import Any, Self


class Body(bytes):
    """What aiobotocore's StreamingBody is to its callers, when all of it is at hand."""

    async def read(self, amt: int | None = None) -> bytes:
        """All of it, or its first `amt` bytes."""
        return bytes(self[:amt])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing to close."""

    def close(self) -> None:
        """Nothing to close."""


def bytes_of(blob: Any) -> bytes:
    """A blob parameter as boto3 takes it: bytes, text, or a file."""
    if hasattr(blob, "read"):
        blob = blob.read()
    return blob.encode() if isinstance(blob, str) else bytes(blob)
