"""IO: the artifact store, through fsspec: a folder embedded, S3 on AWS, both behind the same four calls.

The libraries are imported, and the connection made, by the first artifact: a process that meets none pays nothing.

What holds if the process dies: `put` has written all of an artifact or nothing, and an artifact that no row names
is removed by the sweep (sweep.py).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from queues.artifacts.reference import Reference, folder_of, owner_of
from queues.errors import ArtifactLost, Misconfigured
from queues.settings import Settings

#: Bytes of randomness in a key.
NONCE_BYTES = 16


class Artifacts:
    """The artifacts of one deployment, below `url`: `file:///folder` or `s3://bucket/prefix`."""

    def __init__(
        self, url: str, settings: Settings, *, nonce: Callable[[], str] = lambda: secrets.token_hex(NONCE_BYTES)
    ):
        self.url = checked_url(url)
        self.local = self.url.startswith("file:")
        #: Bytes of one artifact at the most.
        self.limit = settings.artifacts_max
        self._settings, self._nonce = settings, nonce
        parts = urlsplit(self.url)
        self._root = (unquote(parts.path) if self.local else f"{parts.netloc}{parts.path}").rstrip("/")
        self._opening = asyncio.Lock()
        self._files: Any = None

    async def put(self, tenant: str, job_id: str, text: str) -> Reference:
        """Keeps a text of a job's; when this returns, it stays. OSError if it could not be kept."""
        content = text.encode()
        key = f"{folder_of(tenant, job_id)}{self._nonce()}"
        await (await self._open())._pipe_file(f"{self._root}/{key}", content)
        return Reference.to(key, content)

    async def get(self, tenant: str, job_id: str, reference: Reference) -> str:
        """The text that was kept. ArtifactLost if it is gone, damaged, or another job's; OSError if nobody answers."""
        if not reference.key.startswith(folder_of(tenant, job_id)) or owner_of(reference.key) != (tenant, job_id):
            raise ArtifactLost(reference.key, f"is not an artifact of job {job_id!r}")
        try:
            content: bytes = await (await self._open())._cat_file(f"{self._root}/{reference.key}")
        except FileNotFoundError:
            raise ArtifactLost(reference.key, f"is not in the artifact store {self.url}") from None
        return reference.check(content)

    async def remove(self, key: str) -> None:
        """Removes an artifact; one that is gone already is no error."""
        with suppress(FileNotFoundError):
            await (await self._open())._rm_file(f"{self._root}/{key}")

    async def all(self) -> AsyncIterator[tuple[str, int]]:
        """Every key that there is, and when it was written, epoch ms."""
        try:
            found = await (await self._open())._find(self._root, detail=True)
        except FileNotFoundError:
            return
        for path, info in found.items():
            written = info.get("LastModified") or info["mtime"]
            seconds = written.timestamp() if isinstance(written, datetime) else float(written)
            yield path[path.index(self._root) + len(self._root) + 1 :], round(seconds * 1000)

    async def close(self) -> None:
        """Ends the connection, if one was made."""
        files, self._files = self._files, None
        if files is not None and not self.local and files._s3 is not None:
            await files._s3creator.__aexit__(None, None, None)

    async def _open(self) -> Any:
        async with self._opening:
            if self._files is None:
                self._files = _folder() if self.local else await _bucket(self._settings)
            return self._files


def checked_url(url: str) -> str:
    """The URL if artifacts can be kept there, else Misconfigured."""
    parts = urlsplit(url)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if plain and parts.scheme == "file" and not parts.netloc and len(parts.path) > 1:
        return url
    if plain and parts.scheme == "s3" and parts.netloc:
        return url
    raise Misconfigured(
        f"JOBYARD_ARTIFACTS is {url!r}: give a folder by its whole path, such as file:///srv/jobyard/artifacts, "
        "or a bucket, such as s3://bucket/prefix"
    )


def _folder() -> Any:
    from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper

    from queues.artifacts.durable import DurableFiles

    return AsyncFileSystemWrapper(DurableFiles(), asynchronous=True)


async def _bucket(settings: Settings) -> Any:
    from aiobotocore.session import get_session
    from s3fs import S3FileSystem

    options: dict[str, Any] = {"region_name": settings.region}
    if settings.aws_endpoint_url:
        options["endpoint_url"] = settings.aws_endpoint_url
        if await get_session().get_credentials() is None:
            # An emulator takes any credentials, but botocore signs with none.
            options |= {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    config = {
        "retries": {"mode": "standard", "max_attempts": 5},
        "connect_timeout": 5,
        "read_timeout": 60,
        # An emulator has no host name for each bucket.
        "s3": {"addressing_style": "path" if settings.aws_endpoint_url else "auto"},
    }
    files = S3FileSystem(
        asynchronous=True,
        skip_instance_cache=True,
        use_listings_cache=False,
        client_kwargs=options,
        config_kwargs=config,
    )
    await files.set_session()
    return files
