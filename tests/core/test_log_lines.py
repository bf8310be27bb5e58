"""Lines of a log: what is cut where, which lines a row keeps, and that they are read as they were written."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.errors import InvalidOption
from queues.limits import (
    MAX_LOG_BYTES,
    MAX_LOG_EXCEPTION_CHARS,
    MAX_LOG_FIELDS_CHARS,
    MAX_LOG_LINE_CHARS,
    MAX_LOG_NAME_CHARS,
)
from queues.log_line import CUT, DROPPED, LEVELS, LogLine, add_lines, bounded, level_of, read_lines, write_lines

NOW = 1_800_000_000_000


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no")


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


# --- one line -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("x" * MAX_LOG_LINE_CHARS, "x" * MAX_LOG_LINE_CHARS),
        ("x" * (MAX_LOG_LINE_CHARS + 1), "x" * (MAX_LOG_LINE_CHARS - 1) + CUT),
        ("größe 📦", "größe 📦"),
        ("a\ud800b", "a?b"),
    ],
    ids=range(5),
)
def test_a_message_is_cut_at_its_end(given: str, kept: str) -> None:
    assert bounded(NOW, 1, given) == LogLine(NOW, 1, kept)


def test_a_traceback_is_cut_at_its_beginning() -> None:
    line = bounded(NOW, 1, "failed", exception="x" * MAX_LOG_EXCEPTION_CHARS + "ValueError: no")
    assert line.exception is not None
    assert (len(line.exception), line.exception[0]) == (MAX_LOG_EXCEPTION_CHARS, CUT)
    assert line.exception.endswith("xValueError: no")
    whole = "x" * MAX_LOG_EXCEPTION_CHARS
    assert bounded(NOW, 1, "failed", exception=whole).exception == whole


ROOM = MAX_LOG_FIELDS_CHARS


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"a": 1, "b": [None, True, {"c": 0.5}], "d": "é"}, {"a": 1, "b": [None, True, {"c": 0.5}], "d": "é"}),
        ({"day": date(2026, 1, 2), "raw": b"x", "big": 2**70}, {"day": "2026-01-02", "raw": "b'x'", "big": str(2**70)}),
        ({"gone": float("nan"), "odd": {1: 2}}, {"gone": None, "odd": {"1": 2}}),
        ({"text": "\ud800", "\ud800": 1}, {"text": "?", "?": 1}),
        ({"what": Unspeakable(), "me": CIRCLE}, {"what": "(its text cannot be had: RuntimeError)", "me": "[[...]]"}),
        ({"a": "x" * (ROOM - 3)}, {"a": "x" * (ROOM - 3)}),
        ({"a": "x" * (ROOM - 2)}, {"a": "x" * (ROOM - 2)}),
        ({"a": "x" * ROOM}, {"a": "x" * (ROOM - 2) + CUT}),
        ({"a": list(range(ROOM))}, {"a": orjson.dumps(list(range(ROOM))).decode()[: ROOM - 2] + CUT}),
        ({"a": "x" * (ROOM - 5), "b": "cut"}, {"a": "x" * (ROOM - 5), "b": CUT}),
        ({"a": "x" * ROOM, "b": 1, "c": 2}, {"a": "x" * (ROOM - 2) + CUT, CUT: "2 more"}),
        ({"n" * 200: 1}, {"n" * (MAX_LOG_NAME_CHARS - 1) + CUT: 1}),
    ],
    ids=range(13),
)
def test_fields_become_json_and_what_does_not_fit_is_cut(given: dict[str, Any], kept: dict[str, Any]) -> None:
    assert bounded(NOW, 1, "m", fields=given).fields == kept


def test_of_very_many_fields_so_many_are_kept_as_fit() -> None:
    fields = bounded(NOW, 1, "m", fields={f"f{number:04}": number for number in range(5_000)}).fields
    kept = len(fields) - 1
    assert fields[CUT] == f"{5_000 - kept} more"
    assert 80 < kept < ROOM


def test_the_longest_line_there_is_fits_a_row() -> None:
    line = bounded(NOW, 100, "\0" * 5_000, "CRITICAL", {"\0" * 500: "\0" * 5_000}, "\0" * 500, "\0" * 9_000, "stderr")
    assert read_lines(add_lines("[]", [line])) == (line,)


@pytest.mark.parametrize(
    ("given", "level"),
    [
        *zip(LEVELS, LEVELS, strict=True),
        *((number, name) for name, number in LEVELS.items()),
        *[("warning", "WARNING"), (0, "DEBUG"), (5, "DEBUG"), (29, "INFO"), (99, "CRITICAL"), (-1, "DEBUG")],
    ],
)
def test_a_level_by_its_name_or_number(given: str | int, level: str) -> None:
    assert level_of(given) == level


def test_levels_are_those_of_logging() -> None:
    assert {logging.getLevelName(number): number for number in LEVELS.values()} == LEVELS
    with pytest.raises(InvalidOption, match="level='loud' is not possible: use DEBUG, INFO"):
        level_of("loud")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (LogLine(NOW, 1, "printed", stream="stderr"), "printed"),
        (LogLine(NOW, 1, "noted", fields={"cents": 990, "who": "Ada L"}), "noted cents=990 who=Ada L"),
        (LogLine(NOW, 1, "noted", "ERROR"), "ERROR: noted"),
        (
            LogLine(NOW, 1, "logged", "INFO", "shop", fields={"a": [1]}, exception="E: x"),
            "INFO shop: logged a=[1]\nE: x",
        ),
    ],
)
def test_as_text(line: LogLine, text: str) -> None:
    assert str(line) == text


# --- the lines of a row -------------------------------------------------------------------------------------------

lines = st.builds(
    bounded,
    st.integers(NOW - 1_000, NOW + 1_000),
    st.integers(1, 100),
    st.text(max_size=20),
    st.sampled_from(list(LEVELS)),
    st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=5), max_size=3),
    st.none() | st.just("shop.orders"),
    st.none() | st.just("Traceback\nValueError"),
    st.none() | st.just("stderr"),
)


@given(st.lists(lines, max_size=6), st.lists(lines, max_size=6))
def test_lines_are_read_as_they_were_written(old: list[LogLine], new: list[LogLine]) -> None:
    text = write_lines(old)
    assert read_lines(text) == (*old,)
    assert read_lines(add_lines(text, new)) == (*old, *new)


@given(st.lists(lines, min_size=1, max_size=12), st.integers(100, 900))
def test_no_more_bytes_are_written_than_there_is_room_for(given: list[LogLine], room: int) -> None:
    text = write_lines(given, room)
    kept = read_lines(text)
    if kept == (*given,):
        assert len(text.encode()) <= room
        return
    assert len(text.encode()) <= room
    assert kept[0].message == DROPPED
    assert kept[1:] == (*given[len(given) - len(kept) + 1 :],)
    first = kept[1] if len(kept) > 1 else given[-1]
    assert (kept[0].at, kept[0].attempt, kept[0].level) == (first.at, first.attempt, "WARNING")


def test_most_lines_are_little_more_than_their_text() -> None:
    said = [LogLine(NOW + 12 * number, 1, "a line") for number in range(100)]
    assert write_lines(said[:3]) == f'[["a line",{NOW},1],["a line",12],["a line",12]]'
    assert len(write_lines(said)) < 100 * (len("a line") + 8) + 20


def test_of_many_lines_a_row_keeps_the_last() -> None:
    old = write_lines([LogLine(NOW, 1, "old")])
    text = add_lines(old, [LogLine(NOW + number, 2, f"{number:08}") for number in range(5_000)])
    kept = read_lines(text)
    assert (kept[0].message, kept[-1].message) == (DROPPED, "00004999")
    assert MAX_LOG_BYTES - 40 < len(text) <= MAX_LOG_BYTES
    again = read_lines(add_lines(text, [LogLine(NOW + 9_000, 3, "new")]))
    assert [line.message for line in again].count(DROPPED) == 1
    assert again[-1] == LogLine(NOW + 9_000, 3, "new")
