"""What goes over the pipes between a worker process and its parent: JSON, each frame after its length. No pickle.

parent to child   {"modules", "path"} once, then a call:
                  {"type", "data", "version", "id", "tenant", "attempt", "of", "timeout", "custom"},
                  and "trace" if traces are on,
                  and while it runs perhaps {"cancel": true}: the job is not wanted any more
child to parent   {"began": true}, {"percent", "note"}, and at the end one {"outcome": its name, ...}

Frames are flat, and a child is not trusted: a frame that is too long or no JSON is the end of that child.
"""

from __future__ import annotations

import signal
import struct
from collections.abc import Iterator
from typing import Any

import orjson

from queues.errors import InvalidOption
from queues.job import ErrorInfo
from queues.limits import MAX_ARTIFACT_BYTES
from queues.outcome import (
    Cancelled,
    Interrupted,
    Lost,
    Newer,
    Outcome,
    Raised,
    Refused,
    Returned,
    Snoozed,
    TimedOut,
)
from queues.retry import Backoff

Frame = dict[str, Any]

#: The one thing that is said by signal: "print where you are", to a handler whose time is up and who may not listen.
STACKS_SIGNAL = signal.SIGUSR2
#: In front of each frame: its length in bytes.
LENGTH = struct.Struct(">I")
#: Bytes of the longest frame: a job's data or result, escaped once more as a JSON string, with room for the rest.
MAX_FRAME_BYTES = 2 * MAX_ARTIFACT_BYTES + 65_536


class BrokenFrame(Exception):
    """What arrived cannot be a frame."""


def encode(frame: Frame) -> bytes:
    """The frame as bytes; text that no UTF-8 can hold (lone surrogates) is written with `?`."""
    try:
        body = orjson.dumps(frame)
    except TypeError:
        body = orjson.dumps({k: _writable(v) if isinstance(v, str) else v for k, v in frame.items()})
    return LENGTH.pack(len(body)) + body


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


class Decoder:
    """Gathers bytes as they arrive and gives back the frames that are complete."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes; BrokenFrame if it makes no sense. A torn last frame is never given out."""
        self._buffer += data
        while len(self._buffer) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME_BYTES:
                raise BrokenFrame(f"a frame of {length:,} bytes")
            end = LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[LENGTH.size : end])
            del self._buffer[:end]
            try:
                frame = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                raise BrokenFrame(f"a frame that is no JSON: {error}") from None
            if not isinstance(frame, dict):
                raise BrokenFrame("a frame that is no object")
            yield frame


def outcome_frame(outcome: Outcome) -> Frame:
    """An outcome as the last frame of a call."""
    frame: Frame = {"outcome": type(outcome).__name__}
    match outcome:
        case Returned(result_json):
            frame["result"] = result_json
        case Raised(error, permanent, retry_in, backoff):
            frame |= error.to_json() | {"permanent": permanent, "retry_in": retry_in}
            if backoff is not None:
                frame["backoff"] = backoff.to_json()
        case Refused(error):
            frame |= error.to_json()
        case Snoozed(seconds) | TimedOut(seconds):
            frame["seconds"] = seconds
        case Cancelled(reason) | Lost(reason) | Newer(reason):
            frame["reason"] = reason
        case Interrupted():
            pass
    return frame


def read_outcome(frame: Frame) -> Outcome:
    """The inverse of `outcome_frame` for what a child may say; BrokenFrame for anything else."""
    try:
        match frame["outcome"]:
            case "Returned":
                return Returned(frame["result"])
            case "Raised":
                curve = frame.get("backoff")
                backoff = None if curve is None else Backoff.from_json(curve)
                return Raised(_error(frame), frame["permanent"], frame["retry_in"], backoff)
            case "Refused":
                return Refused(_error(frame))
            case "Snoozed":
                return Snoozed(frame["seconds"])
            case "Cancelled":
                return Cancelled(frame["reason"])
            case "Lost":
                return Lost(frame["reason"])
            case "Newer":
                return Newer(frame["reason"])
    except KeyError as missing:
        raise BrokenFrame(f"an outcome without {missing}") from None
    except (InvalidOption, TypeError) as error:
        raise BrokenFrame(f"an outcome that makes no sense: {error}") from None
    raise BrokenFrame(f"an outcome called {frame['outcome']!r}")


def _error(frame: Frame) -> ErrorInfo:
    return ErrorInfo(frame["type"], frame["message"], frame["traceback"])
