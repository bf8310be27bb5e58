"""A line of a job's log: when it was said, in which attempt, how grave it is, its text, and the fields beside it. Pure.

In a row all lines of a job are one JSON text, an array a line. Its time and attempt are told by their distance from
the line before, and what is nothing at its end is left out, so that most lines are `["message", 12]`: bytes are write
units. Whoever writes a line cuts it first (`bounded`), and a row keeps the last MAX_LOG_BYTES.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from queues import limits
from queues.errors import InvalidOption

#: Level -> its number in `logging`, which is also what a row has.
LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_NAMES = {number: name for name, number in LEVELS.items()}

#: At the end of a text that was cut, or at its beginning; and the name under which a line says how many fields it left.
CUT = "…"
#: Takes the place of the last line that an attempt has room for.
FULL = f"(output beyond {limits.MAX_LOG_LINES} lines is not kept)"
#: Takes the place of the lines that a row has no room for.
DROPPED = "[... earlier lines dropped]"

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


@dataclass(frozen=True, slots=True)
class LogLine:
    """What a handler printed, logged or said by `ctx.log`."""

    #: Epoch milliseconds, by the clock of the process that ran the attempt, or of its parent.
    at: int
    attempt: int
    #: What was logged may have line breaks, what was printed has none.
    message: str
    #: A key of LEVELS. What is printed is INFO.
    level: str = "INFO"
    #: The logger's name, if it comes from `logging`.
    logger: str | None = None
    #: "stderr", if it is known to have been written there.
    stream: str | None = None
    #: JSON values: those of `ctx.log`, or the `extra` of a record.
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    #: The traceback that was logged with it.
    exception: str | None = None
    #: Lines of a sensitive job, encrypted; `message` then says only that. It leaves rows never.
    sealed: str | None = None

    def to_row(self, at: int = 0, attempt: int = 0) -> list[Any]:
        """As a row has it after a line of that time and attempt."""
        level = None if self.level == "INFO" else LEVELS[self.level]
        row = [self.message, self.at - at, self.attempt - attempt, level, self.logger, self.stream, self.fields or None]
        row += (self.exception, self.sealed)
        while len(row) > 1 and not row[-1]:
            row.pop()
        return row

    @classmethod
    def from_row(cls, row: Sequence[Any], at: int = 0, attempt: int = 0) -> LogLine:
        """The inverse of `to_row`."""
        whole: list[Any] = [*row, *_NOTHING[len(row) :]]
        message, later, more, level, logger, stream, fields, exception, sealed = whole
        level, fields = _NAMES[level or 20], fields or {}
        return cls(at + (later or 0), attempt + (more or 0), message, level, logger, stream, fields, exception, sealed)

    def __str__(self) -> str:
        """As a program's output has it: the text alone if it was only printed."""
        said = f"{self.level} {self.logger}: {self.message}" if self.logger else self.message
        if self.logger is None and self.level != "INFO":
            said = f"{self.level}: {said}"
        said = " ".join((said, *(f"{name}={_shown(value)}" for name, value in self.fields.items())))
        return said if self.exception is None else f"{said}\n{self.exception}"


_NOTHING = (None,) * len(LogLine.__slots__)


# --- a line within its bounds --------------------------------------------------------------------------------


def level_of(level: str | int) -> str:
    """The level's name; of a number of `logging` that is between two of them, the lower one. InvalidOption."""
    if isinstance(level, int):
        return max((name for name in LEVELS if LEVELS[name] <= level), key=LEVELS.__getitem__, default="DEBUG")
    if level.upper() not in LEVELS:
        raise InvalidOption("level", level, f"use {', '.join(LEVELS)}, or a number of logging's")
    return level.upper()


def bounded(
    at: int,
    attempt: int,
    message: str,
    level: str = "INFO",
    fields: Mapping[str, Any] | None = None,
    logger: str | None = None,
    exception: str | None = None,
    stream: str | None = None,
) -> LogLine:
    """The line, with what is too long cut: the end of a text, but the beginning of a traceback: its end has the cause.

    No line is longer than what a row keeps.
    """
    return LogLine(
        at,
        attempt,
        _cut(_writable(message), limits.MAX_LOG_LINE_CHARS),
        level,
        None if logger is None else _cut(_writable(logger), limits.MAX_LOG_NAME_CHARS),
        stream,
        bounded_fields(fields) if fields else {},
        None if exception is None else _cut_front(_writable(exception), limits.MAX_LOG_EXCEPTION_CHARS),
    )


def bounded_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as JSON values, in their order, as far as they fit MAX_LOG_FIELDS_CHARS of JSON.

    One that fits only in part becomes text, and is cut; how many come after it is said under CUT. What JSON does not
    have is its `str()`.
    """
    room = limits.MAX_LOG_FIELDS_CHARS
    kept: dict[str, Any] = {}
    for number, (key, value) in enumerate(fields.items()):
        name = _cut(_writable(str(key)), limits.MAX_LOG_NAME_CHARS)
        room -= len(name)
        if room <= 0:
            kept[CUT] = f"{len(fields) - number} more"
            break
        text = _json(value)
        if len(text) > room:
            kept[name] = _cut(_writable(value) if isinstance(value, str) else text, room)
        else:
            kept[name] = orjson.loads(text)
        room -= len(text)
    return kept


def is_json(value: Any) -> bool:
    """Whether JSON has the value."""
    try:
        orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        # Among them a text that no UTF-8 can hold, and a number that is too large for orjson.
        return isinstance(value, str | int)
    return True


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=_OPTIONS).decode()
    except TypeError:
        return orjson.dumps(_writable(_text(value))).decode()


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception as fault:
        return f"(its text cannot be had: {type(fault).__name__})"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _writable(text: str) -> str:
    """With `?` for what no UTF-8 can hold (lone surrogates)."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + CUT


def _cut_front(text: str, limit: int) -> str:
    return text if len(text) <= limit else CUT + text[len(text) - limit + 1 :]


# --- lines as JSON text --------------------------------------------------------------------------------------


def read_lines(text: str) -> tuple[LogLine, ...]:
    """The lines of a text that `write_lines` made."""
    lines: list[LogLine] = []
    at = attempt = 0
    for row in orjson.loads(text):
        line = LogLine.from_row(row, at, attempt)
        lines.append(line)
        at, attempt = line.at, line.attempt
    return tuple(lines)


def write_lines(lines: Sequence[LogLine], room: int = limits.MAX_LOG_BYTES) -> str:
    """The lines as JSON text of `room` bytes; where that is too little the oldest go, and a line says so."""
    rows = _rows(lines)
    text = orjson.dumps(rows)
    if len(text) <= room:
        return text.decode()
    room -= len(orjson.dumps([_dropped(lines[-1]).to_row()]))
    kept = 0
    for row in reversed(rows):
        room -= len(orjson.dumps(row)) + 1
        if room < 0:
            break
        kept += 1
    last = lines[len(lines) - kept :]
    return orjson.dumps(_rows([_dropped((last or lines[-1:])[0]), *last])).decode()


def add_lines(old: str, new: Sequence[LogLine]) -> str:
    """What a row has, and new lines, as it is to have them."""
    return write_lines([*read_lines(old), *new])


def _rows(lines: Iterable[LogLine]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    at = attempt = 0
    for line in lines:
        rows.append(line.to_row(at, attempt))
        at, attempt = line.at, line.attempt
    return rows


def _dropped(first: LogLine) -> LogLine:
    """The line that stands before the first one that is kept."""
    return LogLine(first.at, first.attempt, DROPPED, "WARNING")
