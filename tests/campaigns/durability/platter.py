"""What a power cut may leave of some files: all that was made safe by then, and of the rest nothing, all, or anything.

What was written since a file's last fsync may be on the disk or not, each sector for itself and in whatever order; so
an image of the disk is drawn at random from what is possible. A deletion is safe once the folder is, which SQLite sees
to with the first fsync of a file that it has made.
"""

from __future__ import annotations

import random
from pathlib import Path

from tests.campaigns.durability.recorder import Event

#: Bytes that a disk writes whole, or not at all.
SECTOR = 512
#: How much of what is not safe an image keeps.
SHARES = (0.0, 0.5, 0.9, 1.0)


class Platter:
    """The files at one moment of their history; `pass_on` moves it on, event by event."""

    def __init__(self) -> None:
        #: Surely on the disk; and what has happened since, with its place in the history.
        self._safe: dict[str, bytearray] = {}
        self._pending: dict[str, list[tuple[int, Event]]] = {}
        self._synced: set[str] = set()
        self._events = 0

    def pass_on(self, event: Event) -> None:
        place, self._events = self._events, self._events + 1
        if event.kind == "sync":
            self._sync(event)
        elif event.kind == "delete" and event.safe:
            self._forget(event.file)
        elif event.kind != "note":
            self._pending.setdefault(event.file, []).append((place, event))

    def _sync(self, event: Event) -> None:
        pending = self._pending.get(event.file, [])
        content = self._safe.setdefault(event.file, bytearray())
        for place, change in pending:
            if place < event.began:
                apply(content, change)
        self._pending[event.file] = [(place, change) for place, change in pending if place >= event.began]
        if event.file not in self._synced:
            self._synced.add(event.file)
            for file, changes in list(self._pending.items()):
                if any(change.kind == "delete" and place < event.began for place, change in changes):
                    self._forget(file)

    def _forget(self, file: str) -> None:
        self._safe.pop(file, None)
        self._pending.pop(file, None)
        self._synced.discard(file)

    def leave(self, folder: Path, rng: random.Random) -> None:
        """Writes one of the possible images into a folder."""
        share = rng.choice(SHARES)
        for file in self._safe.keys() | self._pending.keys():
            content = bytearray(self._safe.get(file, b""))
            gone = False
            for _, change in self._pending.get(file, []):
                if change.kind == "delete":
                    gone = rng.random() < share
                elif change.kind == "truncate":
                    if rng.random() < share:
                        apply(content, change)
                else:
                    for part in sectors(change):
                        if rng.random() < share:
                            apply(content, part)
            if not gone:
                (folder / file).write_bytes(content)


def sectors(write: Event) -> list[Event]:
    """A write as those that the disk may make of it."""
    parts = []
    at, end = write.offset, write.offset + len(write.content)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        parts.append(Event("write", write.file, at, write.content[at - write.offset : stop - write.offset]))
        at = stop
    return parts


def apply(content: bytearray, change: Event) -> None:
    """Makes a write or a truncation in a file's content. What lies between its end and a later write is zero."""
    if change.kind == "truncate":
        del content[change.offset :]
    if len(content) < change.offset:
        content.extend(bytes(change.offset - len(content)))
    if change.kind == "write":
        content[change.offset : change.offset + len(change.content)] = change.content
