"""A job's log as people read it: `12:01:02.345 INFO  charged  cents=990`, and what is grave enough to be shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from infra.cli.exits import CommandFailed, Exit
from infra.cli.output import clean

#: From the least to the most grave. The core has them too, but importing it takes longer than the whole command.
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
#: The option of commands that show a log.
Level = Annotated[
    str | None, typer.Option(metavar="LEVEL", help=f"Only log lines of this level or above: {', '.join(LEVELS)}.")
]

Line = dict[str, Any]


def level_named(word: str) -> str:
    """The level of that name; CommandFailed."""
    if word.upper() not in LEVELS:
        raise CommandFailed(f"{word!r} is no level; give one of {', '.join(LEVELS)}", Exit.USAGE)
    return word.upper()


def at_least(lines: Sequence[Line], level: str) -> list[Line]:
    """The lines of that level, and of those above."""
    return [line for line in lines if LEVELS.index(line["level"]) >= LEVELS.index(level)]


def log_lines(lines: Sequence[Line]) -> list[str]:
    """Lines of the API as lines of text, in columns; each with its attempt, if there are several."""
    width = max((len(line["level"]) for line in lines), default=0)
    several = len({line["attempt"] for line in lines}) > 1
    text: list[str] = []
    for line in lines:
        words = [line["at"][11:23], f"#{line['attempt']}"] if several else [line["at"][11:23]]
        source = line.get("logger") or line.get("stream")
        said = clean(f"{source}: {line['message']}" if source else line["message"]).split("\n")
        said[-1] = "  ".join((said[-1], *_fields(line.get("fields") or {})))
        said += clean(line.get("exception") or "").splitlines()
        text.append(" ".join((*words, line["level"].ljust(width), f" {said[0]}")))
        text += [f"  {more}" for more in said[1:]]
    return text


def _fields(fields: dict[str, Any]) -> list[str]:
    return [f"{_bare(name)}={_bare(value)}" for name, value in fields.items()]


def _bare(value: Any) -> str:
    """A word as it is, anything else as JSON."""
    word = isinstance(value, str) and value != "" and not set(value) & set(' "=\t\n')
    return clean(value if word else json.dumps(value, ensure_ascii=False))
