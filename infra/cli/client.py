"""The HTTP API as the commands use it: `JOBYARD_URL`, and the token of `JOBYARD_TOKEN` or of the data folder.

The standard library's client: a command is over in a tenth of a second, and importing more would double that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from infra.cli.exits import CommandFailed, Exit

#: Where `jobyard up` listens if nothing else is said.
DEFAULT_URL = "http://127.0.0.1:8000"
#: Seconds that an answer may take, on top of what the server was asked to wait.
PATIENCE = 30
#: All routes are below it.
JOBS = "/api/v1/jobs"


class _NoRedirects(HTTPRedirectHandler):
    """A token is not carried to where an answer points."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Client:
    """One server and one token."""

    url: str
    token: str | None

    @classmethod
    def from_environment(cls) -> Client:
        """`JOBYARD_URL`; `JOBYARD_TOKEN`, else the file `token` of `JOBYARD_DATA`."""
        url = os.environ.get("JOBYARD_URL") or _local_url()
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CommandFailed(f"JOBYARD_URL is {url!r}; write it like {DEFAULT_URL}", Exit.USAGE)
        return cls(url.rstrip("/"), os.environ.get("JOBYARD_TOKEN") or _local_token())

    def get(self, path: str, wait: float = 0, **query: Any) -> Any:
        """The JSON answer; `wait` seconds are the server's to answer in. CommandFailed says why there is none."""
        if wait:
            query["wait"] = wait
        chosen = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", f"{path}?{urlencode(chosen)}" if chosen else path, patience=PATIENCE + wait)

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON answer."""
        return self._call("POST", path, None if body is None else json.dumps(body).encode())

    def put(self, path: str, body: Any) -> Any:
        """The JSON answer."""
        return self._call("PUT", path, json.dumps(body).encode())

    def delete(self, path: str, body: Any = None) -> Any:
        """The JSON answer."""
        return self._call("DELETE", path, None if body is None else json.dumps(body).encode())

    @contextmanager
    def stream(self, path: str, after: str | None) -> Iterator[Iterable[bytes]]:
        """The lines of a stream of events, from the event `after` on. CommandFailed if there is none, or it breaks."""
        headers = {"Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = after
        with self._answer("GET", path, None, PATIENCE, headers) as lines:
            if lines.headers.get_content_type() != headers["Accept"]:
                raise CommandFailed(f"{self.url} answered with no stream of events; is it Jobyard?", Exit.UNREACHABLE)
            yield lines

    def _call(self, method: str, path: str, body: bytes | None = None, patience: float = PATIENCE) -> Any:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        with self._answer(method, path, body, patience, headers) as answer:
            try:
                return json.loads(answer.read())
            except ValueError:
                raise CommandFailed(
                    f"{self.url} answered with something that is not JSON; is it Jobyard?", Exit.UNREACHABLE
                ) from None

    @contextmanager
    def _answer(
        self, method: str, path: str, body: bytes | None, patience: float, headers: dict[str, str]
    ) -> Iterator[Any]:
        """The answer, open; what goes wrong with it until it is closed is a CommandFailed."""
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        request = Request(f"{self.url}{JOBS}{path}", body, headers, method=method)  # noqa: S310 - http(s), checked above
        try:
            with self._opener().open(request, timeout=patience) as answer:
                yield answer
        except HTTPError as error:
            raise _refused(error) from None
        except (URLError, OSError, HTTPException) as error:
            why = getattr(error, "reason", None) or error
            raise CommandFailed(
                f"no answer from {self.url}: {_plain(why)}; start it with `jobyard up`, or set JOBYARD_URL",
                Exit.UNREACHABLE,
            ) from None

    def _opener(self) -> OpenerDirector:
        if urlsplit(self.url).hostname in ("127.0.0.1", "localhost", "::1"):
            # A proxy of the environment cannot reach this machine's own loopback.
            return build_opener(_NoRedirects, ProxyHandler({}))
        return build_opener(_NoRedirects)


def job_path(job_id: str) -> str:
    """The path of one job."""
    return f"/{quote(job_id, safe='')}"


def schedule_path(name: str) -> str:
    """The path of one schedule."""
    return f"/schedules/{quote(name, safe='')}"


def _local_url() -> str:
    port = os.environ.get("JOBYARD_PORT")
    return f"http://127.0.0.1:{port}" if port else DEFAULT_URL


def _local_token() -> str | None:
    path = Path(os.environ.get("JOBYARD_DATA") or ".jobyard") / "token"
    try:
        return path.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _plain(why: object) -> str:
    if isinstance(why, TimeoutError):
        return "it takes too long"
    return (why.strerror or str(why)).lower() if isinstance(why, OSError) else str(why)


def _refused(error: HTTPError) -> CommandFailed:
    """A problem document as a sentence, its faults in lines below if there are several."""
    try:
        problem = json.loads(error.read())
        detail = problem["detail"]
    except (ValueError, KeyError, TypeError, OSError, HTTPException):
        return CommandFailed(f"{error.url} answered {error.code} {error.reason}", Exit.UNREACHABLE)
    faults = problem.get("errors") or []
    lines = [detail] if len(faults) < 2 else [detail, *(f"  {fault['field']}: {fault['message']}" for fault in faults)]
    if error.code == 401:
        lines.append("  the token comes from JOBYARD_TOKEN, else from the file `token` in JOBYARD_DATA (.jobyard)")
    return CommandFailed("\n".join(lines), Exit.USAGE if error.code < 500 else Exit.UNREACHABLE)
