"""`jobyard jobs watch`: what happens to a job, or to all, as it happens, from the API's server-sent events.

A connection that breaks or ends is made again from the event that was heard last, so that none is left out; what is
told a second time is known by its job and its id, and not printed again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from infra.cli.client import Client, job_path
from infra.cli.exits import BY_STATUS, CommandFailed, Exit
from infra.cli.output import Json, clean
from infra.cli.waiting import RECONNECT_PAUSE, RECONNECT_SECONDS, tell_exit

#: Events that are remembered, to know those that are told again.
MAX_REMEMBERED = 10_000


@dataclass(slots=True)
class Stream:
    """A stream of events that outlives its connections."""

    client: Client
    path: str
    #: The id that was heard last.
    _last: str | None = None
    _seen: dict[tuple[str, str], None] = field(default_factory=dict)

    def events(self) -> Iterator[dict[str, Any]]:
        """Each event once, for as long as it is asked for. CommandFailed if it is refused, if the server is away for
        RECONNECT_SECONDS, or was not there at all."""
        was_there, away_since = False, None
        while True:
            try:
                with self.client.stream(self.path, self._last) as lines:
                    was_there, away_since = True, None
                    yield from filter(self._is_new, self._read(lines))
            except CommandFailed as error:
                now = time.monotonic()
                away_since = away_since or now
                if error.code is not Exit.UNREACHABLE or not was_there or now - away_since >= RECONNECT_SECONDS:
                    raise
            time.sleep(RECONNECT_PAUSE)

    def _read(self, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """The events of one connection; what was cut off in the middle is none."""
        told, data = None, None
        for line in lines:
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            if name == "id":
                told = value
            elif name == "data":
                data = value
            elif not name:
                self._last = told or self._last
                if data is not None:
                    yield json.loads(data)
                told, data = None, None

    def _is_new(self, event: dict[str, Any]) -> bool:
        key = (event["jobId"], event["id"])
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > MAX_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True


def watch(
    job_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="One job.", show_default=False)] = None,
    type: Annotated[str | None, typer.Option(metavar="TYPE", help="All jobs of this type.")] = None,
    as_json: Json = False,
) -> None:
    """Print what happens to a job up to its end, or to all jobs until Ctrl-C.

    Exit codes of one job as with `enqueue --wait`: 0 completed. 1 failed. 3 cancelled. And 2: refused. 4: no server
    answers. Ctrl-C ends with 0.
    """
    if job_id is not None and type is not None:
        raise CommandFailed("give the id of one job, or --type, not both", Exit.USAGE)
    client, last = Client.from_environment(), None
    query = "" if type is None else f"?{urlencode({'type': type})}"
    path = f"/events{query}" if job_id is None else f"{job_path(job_id)}/events"
    try:
        for event in Stream(client, path).events():
            last = event["event"]
            print(json.dumps(event, ensure_ascii=False) if as_json else line_of(event), flush=True)
            if job_id is not None and last in BY_STATUS:
                break
    except KeyboardInterrupt:
        return
    if job_id is not None and last is not None:
        raise typer.Exit(tell_exit({"id": job_id, "status": last}))


def line_of(event: dict[str, Any]) -> str:
    """One event for a person: when, of which job, what."""
    at = event["at"][11:23] if event["at"] else "-" * 12
    words = [at, event["type"], event["jobId"], event["event"]]
    if event["attempt"]:
        words.append(f"attempt {event['attempt']}")
    if "percent" in event:
        words.append(f"{event['percent']:g} %")
    for name, word in (("note", ""), ("error", ""), ("by", "by "), ("runAt", "runs at ")):
        if event.get(name):
            words.append(f"{word}{' '.join(clean(event[name]).split())}")
    return "  ".join(words)
