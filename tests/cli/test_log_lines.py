"""A job's log as the command line prints it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.cli.log_lines import LEVELS, at_least, level_named, log_lines
from queues import log_line

#: What a character that a terminal might act on becomes.
ODD = "\N{REPLACEMENT CHARACTER}"


def line(message: str = "m", level: str = "INFO", attempt: int = 1, **more: Any) -> dict[str, Any]:
    return {"at": "2026-11-22T12:01:02.345Z", "attempt": attempt, "level": level, "message": message, **more}


def test_its_levels_are_the_cores() -> None:
    assert tuple(log_line.LEVELS) == LEVELS


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([], []),
        ([line("printed")], ["12:01:02.345 INFO  printed"]),
        ([line("no", stream="stderr")], ["12:01:02.345 INFO  stderr: no"]),
        (
            [line("paid", logger="shop", fields={"cents": 990, "who": "ada", "full name": "Ada L", "none": None})],
            ['12:01:02.345 INFO  shop: paid  cents=990  who=ada  "full name"="Ada L"  none=null'],
        ),
        (
            [line("a"), line("b", "CRITICAL", attempt=2)],
            ["12:01:02.345 #1 INFO      a", "12:01:02.345 #2 CRITICAL  b"],
        ),
        (
            [line("one\ntwo", "ERROR", fields={"n": 1}, exception="Traceback:\nValueError: x")],
            ["12:01:02.345 ERROR  one", "  two  n=1", "  Traceback:", "  ValueError: x"],
        ),
        (
            [line("\x1b[31mred", fields={"\x1b": "\x1b[0m"}, exception="\x1b]0;title")],
            [f"12:01:02.345 INFO  {ODD}[31mred  {ODD}={ODD}[0m", f"  {ODD}]0;title"],
        ),
    ],
    ids=range(7),
)
def test_lines_as_text(given: list[dict[str, Any]], shown: list[str]) -> None:
    assert log_lines(given) == shown


def test_a_level_and_those_above() -> None:
    lines = [line(level=level) for level in ("ERROR", "DEBUG", "WARNING", "INFO", "CRITICAL")]
    found = [one["level"] for one in at_least(lines, level_named("warning"))]
    assert found == ["ERROR", "WARNING", "CRITICAL"]
