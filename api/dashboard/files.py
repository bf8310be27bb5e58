"""The dashboard's files in memory, each plain and compressed, under one digest of them all.

The digest is part of their addresses: a browser keeps a file for ever and never mixes two versions, and modules find
each other by names that are relative. Nothing is read before the first request, so that a cold start does not wait.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PAGE, ASSETS = HERE / "page.html", HERE / "assets"
#: What the page has for the folder of its assets, and for the links that fetch all modules at once: a module names
#: those that it imports only when it has arrived.
FOLDER, PRELOADS = "{assets}", "{preloads}"
#: Hexadecimal digits of the digest: 64 bits, to tell versions apart.
DIGEST_CHARS = 16
#: Media types by ending. A file of another kind is not served.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    content: bytes
    zipped: bytes
    media_type: str
    #: A strong ETag, with its quotes.
    etag: str


@dataclass(frozen=True, slots=True)
class Files:
    """The page, and its assets by name."""

    page: File
    assets: dict[str, File]
    digest: str


@cache
def read_files() -> Files:
    """All files, read once."""
    contents = {path.name: path.read_bytes() for path in sorted(ASSETS.iterdir()) if path.suffix in TYPES}
    digest = hashlib.sha256(b"".join(_digest(content) for content in contents.values())).hexdigest()[:DIGEST_CHARS]
    preloads = "\n    ".join(f'<link rel="modulepreload" href="{FOLDER}/{n}">' for n in contents if n.endswith(".js"))
    page = PAGE.read_text(encoding="utf-8").replace(PRELOADS, preloads).replace(FOLDER, f"jobs/assets/{digest}")
    assets = {name: _file(content, TYPES[Path(name).suffix]) for name, content in contents.items()}
    return Files(_file(page.encode(), HTML), assets, digest)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _file(content: bytes, media_type: str) -> File:
    # No time in it: the same file has the same bytes in every process.
    return File(content, gzip.compress(content, mtime=0), media_type, f'"{_digest(content).hex()[:DIGEST_CHARS]}"')
