"""What a fetch may touch and how much of it: one frozen object, read once from the environment."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from queues.errors import Misconfigured

MIB = 1024 * 1024

#: Largest `file://` body, in bytes: a binary STL of five million triangles.
MAX_FILE = 256 * MIB

#: Largest `http(s)://` body, in bytes, counted after decompression.
MAX_HTTP = 100 * MIB

#: Largest `s3://` object, in bytes.
MAX_S3 = 256 * MIB

#: Seconds for a connection to be made, and for one read to bring anything.
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 20.0

#: Seconds for a whole fetch, redirects and all. It bounds a server that sends a byte now and then.
TOTAL_TIMEOUT = 120.0

#: Ports that a public host may be asked on, so that jobs are no port scanner; others need `JOBYARD_FETCH_ALLOW`.
PORTS = frozenset({80, 443, 8000, 8080, 8443})


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """The limits of `fetch`. Sizes in bytes, times in seconds."""

    #: Folders that `file://` may read below, links resolved.
    roots: tuple[Path, ...] = ()
    #: Our own data folder: closed to `file://` even below a root (it holds the signing secret), but for `artifacts`.
    data: Path | None = None
    #: The artifact store's URL, where other jobs' data is: closed to `file://` and `s3://`.
    store: str | None = None
    #: `(host, port)` pairs that the operator trusts: neither their address nor their port is checked.
    allow: frozenset[tuple[str, int]] = frozenset()
    #: Buckets that `s3://` may name; None is every bucket that the process's credentials may read.
    buckets: frozenset[str] | None = None
    max_file: int = MAX_FILE
    max_http: int = MAX_HTTP
    max_s3: int = MAX_S3
    connect_timeout: float = CONNECT_TIMEOUT
    read_timeout: float = READ_TIMEOUT
    total_timeout: float = TOTAL_TIMEOUT
    #: Seconds that only go forward.
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)

    @property
    def artifacts(self) -> Path | None:
        """The folder for files that jobs make, and the one part of the data folder that jobs may read."""
        return self.data / "artifacts" if self.data else None

    @property
    def held(self) -> Path | None:
        """The artifact store's folder, if it is one."""
        parts = urlsplit(self.store or "")
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "FetchPolicy":
        """The policy that the `JOBYARD_` variables of `env` (default: the process's) describe.

        Raises `Misconfigured`, naming the variable, its value and the cure.
        """
        env = os.environ if env is None else env
        data = Path(env.get("JOBYARD_DATA") or ".jobyard").absolute()
        listed = env.get("JOBYARD_FILE_ROOTS")
        if listed is None:
            # A process started in `/` (some containers are) must not open the whole disk by default.
            here = Path.cwd()
            roots = [data / "artifacts"] + ([here] if here != Path("/") else [])
        else:
            roots = [Path(part).absolute() for part in listed.split(":") if part]
        buckets = env.get("JOBYARD_FETCH_BUCKETS")
        return cls(
            roots=tuple(roots),
            data=data,
            store=env.get("JOBYARD_ARTIFACTS") or None,
            allow=frozenset(_host_and_port(part) for part in _listed(env.get("JOBYARD_FETCH_ALLOW", ""))),
            buckets=None if buckets is None else frozenset(_listed(buckets)),
            max_file=_bytes(env, "JOBYARD_FETCH_MAX_FILE", MAX_FILE),
            max_http=_bytes(env, "JOBYARD_FETCH_MAX_HTTP", MAX_HTTP),
            max_s3=_bytes(env, "JOBYARD_FETCH_MAX_S3", MAX_S3),
            total_timeout=_seconds(env, "JOBYARD_FETCH_TIMEOUT", TOTAL_TIMEOUT),
        )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise Misconfigured(f"JOBYARD_FETCH_ALLOW holds {text!r}: write host:port, such as files.internal:8080")
    return host.strip("[]").lower(), int(port)


def _bytes(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise Misconfigured(f"{name} is {text!r}: write a whole number of bytes above 0, such as {default}")
    return int(text)


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name) or str(default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < 86_400:
        raise Misconfigured(f"{name} is {text!r}: write seconds above 0 and under a day, such as {default:g}")
    return seconds
