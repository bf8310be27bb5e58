"""The marks in a worker process's output: read back in whatever pieces they come, and never trusted."""

from __future__ import annotations

import io
import sys

import pytest

from queues.capture import Lines
from queues.limits import MAX_LOG_FIELDS_CHARS, MAX_LOG_LINE_CHARS
from queues.log_line import LogLine
from queues.output import MAX_RECORD_CHARS, RS, ErrorStream, Reader, read_record, say

NOW = 1_800_000_000_000


def read(text: str, size: int = 100_000) -> list[LogLine]:
    """The lines of an output that arrives in pieces of that size."""
    found: list[LogLine] = []
    lines, reader = Lines(found.append, attempt=3, clock=lambda: NOW), Reader()
    for at in range(0, len(text), size):
        reader.feed(text[at : at + size], lines)
    lines.finish()
    return found


def line(message: str, stream: str | None = None) -> LogLine:
    return LogLine(NOW, 3, message, stream=stream)


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the process writes to its standard output, and to its error stream."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "__stdout__", stream)
    return stream


@pytest.mark.parametrize("size", [1, 2, 7, 100_000], ids="in pieces of {}".format)
def test_all_that_is_said_is_read_back(output: io.StringIO, size: int) -> None:
    errors = ErrorStream(output)
    print("printed", file=output)
    print("begun, ", end="", file=output)
    say("said\nin two", "ERROR", {"order": 17, "ü": ["a", None]}, "my.logger", "Traceback\nValueError: no")
    print("what ", end="", file=errors)
    print("and ended", file=output)
    print("went wrong", file=errors)
    assert read(output.getvalue(), size) == [
        line("printed"),
        LogLine(
            NOW,
            3,
            "said\nin two",
            "ERROR",
            "my.logger",
            None,
            {"order": 17, "ü": ["a", None]},
            "Traceback\nValueError: no",
        ),
        line("begun, and ended"),
        line("what went wrong", "stderr"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a{RS}b\n", [line(f"a{RS}b")]),
        (f"{RS}{RS}\n", [line(RS + RS)]),
        (f"a\n{RS}[0,0,", [line("a")]),
        (f"a\n{RS}", [line("a")]),
        (f"{RS}[no JSON\nb\n", [line(f"{RS}[no JSON"), line("b")]),
        (f"{RS}[" + "x" * MAX_RECORD_CHARS + "y\nb", [line(f"{RS}[{'x' * (MAX_LOG_LINE_CHARS - 3)}…"), line("b")]),
        (f"{RS}>what{RS}<", [line("what", "stderr")]),
        (f"{RS}>what\n", [line("what", "stderr")]),
        (f'{RS}["forged",5,9,30]\n', [LogLine(NOW, 3, "forged", "WARNING")]),
        (f'{RS}["sealed",0,0,null,null,null,null,null,"@sealed"]\n', [line("sealed")]),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("size", [1, 100_000], ids="in pieces of {}".format)
def test_what_is_no_mark_is_text_and_time_and_attempt_are_the_parents(
    text: str, expected: list[LogLine], size: int
) -> None:
    if size < len(text) < MAX_RECORD_CHARS or size > len(text):
        assert read(text, size) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("[", "[]", "[0]", "[null]", '["a","b"]', '["a",0,[0]]', '["a",0,0,17]', '["a",0,0,[1]]', '["a",0,0,null,5]'),
        *('["a",0,0,null,null,null,"b"]', "[" * 2_000),
        *('["a",0,0,null,null,null,{},7]', '["a",1.5e999]', "[1,2,3,4,5,6,7,8,9,10]", "12"),
    ],
)
def test_a_record_that_makes_no_sense_is_none(text: str) -> None:
    assert read_record(text) is None


def test_a_line_is_cut_before_it_is_written_and_once_more_when_it_is_read(output: io.StringIO) -> None:
    say("\0" * 9_000, "INFO", {"\0" * 200: "\0" * 9_000}, "\0" * 500, "\0" * 90_000)
    assert len(output.getvalue()) < MAX_RECORD_CHARS
    (found,) = read(output.getvalue())
    assert len(found.message) == MAX_LOG_LINE_CHARS
    large = f'{RS}["{"x" * 5_000}",0,0,null,null,null,{{"a":"{"x" * 5_000}"}}]\n'
    (found,) = read(large)
    assert len(found.message) == MAX_LOG_LINE_CHARS
    assert len(found.fields["a"]) < MAX_LOG_FIELDS_CHARS
