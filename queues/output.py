"""What a worker process says of a line beside its text: marks in its output, which its parent reads back.

A handler prints, programs that it starts print, and all of it leaves through one pipe, so that it arrives in its order.
In between, after RS, the ASCII character that separates records (as in RFC 7464), stands what text cannot say:

    RS [...] LF   a line as a row has one (log_line.py), logged or said by `ctx.log`
    RS > text RS <   text for stderr

Each is one write, so a process that dies leaves it whole or torn; a torn one is dropped. A handler that prints marks
itself writes to its own job's log, as it may anyway: what they hold is checked, time and attempt are the parent's.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TextIO

import orjson

from queues.capture import Lines, Stream
from queues.log_line import LogLine, bounded

RS = "\x1e"
_ERR, _OUT, _LINE = ">", "<", "["
#: Characters of the longest line as JSON: each of its bounded parts, in which six may stand for one.
MAX_RECORD_CHARS = 65_536


# --- in the worker process ------------------------------------------------------------------------------------


def say(
    message: str,
    level: str,
    fields: Mapping[str, Any],
    logger: str | None = None,
    exception: str | None = None,
) -> None:
    """Writes a line that is more than text; cut here, so that it is short enough to be read."""
    line = bounded(0, 0, message, level, fields, logger, exception)
    assert sys.__stdout__ is not None
    sys.__stdout__.write(f"{RS}{orjson.dumps(line.to_row()).decode()}\n")


class ErrorStream(Stream):
    """Stands for `sys.stderr`, and marks what is written to it."""

    def __init__(self, real: TextIO):
        super().__init__(real)

    def write(self, text: str) -> int:
        self.real.write(f"{RS}{_ERR}{text}{RS}{_OUT}")
        return len(text)


# --- in its parent --------------------------------------------------------------------------------------------


class Reader:
    """Tells marks from text, in whatever pieces both arrive. One for each call: a torn mark ends with it."""

    __slots__ = ("_held", "_stream")

    def __init__(self) -> None:
        #: What has begun with RS and is not complete.
        self._held = ""
        self._stream: str | None = None

    def feed(self, text: str, lines: Lines) -> None:
        """Hands the next piece of output on to `lines`."""
        text, self._held = self._held + text, ""
        while text:
            plain, mark, text = text.partition(RS)
            if plain:
                lines.write(plain, self._stream)
            if mark:
                text = self._marked(text, lines)

    def _marked(self, text: str, lines: Lines) -> str:
        """Takes what comes after RS; answers what is left of it."""
        kind = text[:1]
        if kind == _ERR:
            self._stream = "stderr"
        elif kind == _OUT:
            self._stream = None
        elif kind == _LINE:
            record, end, rest = text.partition("\n")
            if not end and len(record) <= MAX_RECORD_CHARS:
                self._held = RS + text
                return ""
            line = read_record(record)
            if line is not None:
                lines.say(line.message, line.level, line.fields, line.logger, line.exception)
                return rest
            lines.write(RS, self._stream)
            return text
        elif kind:
            lines.write(RS, self._stream)
            return text
        else:
            self._held = RS
        return text[1:]


def read_record(text: str) -> LogLine | None:
    """The line that a worker process has written, or None if it is none."""
    try:
        line = LogLine.from_row(orjson.loads(text))
    except (ValueError, TypeError, KeyError):
        return None
    texts = (line.message, line.logger or "", line.exception or "")
    sound = all(isinstance(one, str) for one in texts) and isinstance(line.fields, dict)
    return line if sound else None
