"""On the event loop: what each job prints and logs goes to that job, and everything else where it always went."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest

from queues import capture
from queues.capture import Lines
from queues.limits import MAX_LOG_LINE_CHARS, MAX_LOG_LINES
from queues.log_line import FULL, LogLine

log = logging.getLogger("my.logger")
#: Epoch ms at which all is said here.
NOW = 1_800_000_000_000


def clock() -> int:
    return NOW


def texts(lines: list[LogLine]) -> list[str]:
    return [line.message for line in lines]


@contextmanager
def installed() -> Iterator[io.StringIO]:
    """Capture in place over one text that stands for both streams. No fixture: pytest sets its own after set-up."""
    stream = io.StringIO()
    with redirect_stdout(stream), redirect_stderr(stream):
        uninstall = capture.install()
        try:
            yield stream
        finally:
            uninstall()
        assert sys.stdout is sys.stderr is stream


async def test_jobs_that_run_at_once_keep_apart() -> None:
    with installed() as real:

        async def work(name: str) -> list[LogLine]:
            lines: list[LogLine] = []
            with capture.to(lines.append, attempt=ord(name), clock=clock):
                for number in range(3):
                    print(name, end=" ")
                    await asyncio.sleep(0)
                    print(number)
                    log.warning("%s logs", name, extra={"number": number})
                    await asyncio.to_thread(print, name, "from a thread", file=sys.stderr)
            return lines

        results = await asyncio.gather(*map(work, "abc"))
        for name, lines in zip("abc", results, strict=True):
            attempt = ord(name)
            assert lines == [
                line
                for number in range(3)
                for line in (
                    LogLine(NOW, attempt, f"{name} {number}"),
                    LogLine(NOW, attempt, f"{name} logs", "WARNING", "my.logger", fields={"number": number}),
                    LogLine(NOW, attempt, f"{name} from a thread", stream="stderr"),
                )
            ]
        assert real.getvalue() == ""


def test_text_outside_of_a_job_is_untouched() -> None:
    with installed() as real:
        print("before", end="")
        with capture.to(lambda _: None):
            print("inside")
        print(" after")
        assert real.getvalue() == "before after\n"


def test_a_thread_without_the_context_is_outside() -> None:
    with installed() as real:
        with capture.to(lambda _: None):
            thread = threading.Thread(target=print, args=("outside",))
            thread.start()
            thread.join()
        assert real.getvalue() == "outside\n"


async def test_a_task_that_outlives_its_job_is_outside() -> None:
    with installed() as real:
        lines: list[LogLine] = []
        ended = asyncio.Event()

        async def straggler() -> None:
            await ended.wait()
            print("late")
            log.info("late, too")

        with capture.to(lines.append):
            task = asyncio.create_task(straggler())
            await asyncio.sleep(0)
        ended.set()
        await task
        assert lines == []
        assert real.getvalue() == "late\n"


def wrong() -> None:
    raise ValueError("wrong")


def test_a_record_is_one_line_with_its_traceback() -> None:
    with installed():
        lines: list[LogLine] = []
        with capture.to(lines.append):
            print("begun, ", end="")
            try:
                wrong()
            except ValueError:
                log.exception("failed\nfor good")
            print("and ended")
        assert texts(lines) == ["failed\nfor good", "begun, and ended"]
        failed = lines[0]
        assert (failed.level, failed.logger, failed.fields) == ("ERROR", "my.logger", {})
        trace = (failed.exception or "").splitlines()
        assert (trace[0], trace[-1]) == ("Traceback (most recent call last):", "ValueError: wrong")


def test_of_what_is_given_as_extra_what_json_has_is_kept() -> None:
    with installed():
        lines: list[LogLine] = []
        with capture.to(lines.append):
            log.info("paid", extra={"order": {"id": 17}, "socket": object(), "who": "Jos\ud800"})
            log.info("no exception", exc_info=True)
            log.log(35, "between two levels")
            log.debug("nothing of it")
        assert [(line.level, line.fields, line.exception) for line in lines] == [
            ("INFO", {"order": {"id": 17}, "who": "Jos?"}, None),
            ("INFO", {}, None),
            ("WARNING", {}, None),
        ]


def test_what_is_printed_to_both_streams_at_once_keeps_apart() -> None:
    with installed():
        lines: list[LogLine] = []
        with capture.to(lines.append):
            print("to ", end="")
            print("what ", end="", file=sys.stderr)
            print("one")
            print("went wrong", end="", file=sys.stderr)
        assert [(line.message, line.stream) for line in lines] == [("to one", None), ("what went wrong", "stderr")]


def test_install_twice_is_once_and_leaves_no_trace() -> None:
    with installed() as real:
        proxy = sys.stdout
        handlers = list(logging.getLogger().handlers)
        uninstall = capture.install()
        assert sys.stdout is proxy
        assert logging.getLogger().handlers == handlers
        uninstall()
        uninstall()
        assert sys.stdout is real
        assert len(logging.getLogger().handlers) == len(handlers) - 1


def test_a_handler_cannot_close_the_servers_output() -> None:
    with installed() as real:
        with capture.to(lambda _: None):
            sys.stdout.close()
        print("still here")
        assert real.getvalue() == "still here\n"


def lines_of(*pieces: str) -> list[str]:
    found: list[LogLine] = []
    lines = Lines(found.append)
    for piece in pieces:
        lines.write(piece)
    lines.finish()
    return texts(found)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((), []),
        (("a\nb", "c\n", "d"), ["a", "bc", "d"]),
        (("\n\n",), ["", ""]),
        (("a\r\nb\r", "\n"), ["a", "b"]),
        (("10 %\r20 %", "\r30 %\n"), ["30 %"]),
        (("1\r2\r3",), ["3"]),
    ],
)
def test_lines(pieces: tuple[str, ...], expected: list[str]) -> None:
    assert lines_of(*pieces) == expected


def test_a_long_line_is_cut() -> None:
    just_fits = "x" * MAX_LOG_LINE_CHARS
    assert lines_of(just_fits + "\n") == [just_fits]
    for pieces in (("x" * 5_000 + "\nb",), (*["x" * 700] * 10, "\nb")):
        assert lines_of(*pieces) == ["x" * (MAX_LOG_LINE_CHARS - 1) + "…", "b"]


def test_a_long_log_ends_with_a_word_about_it() -> None:
    found = lines_of("line\n" * 10_000)
    assert len(found) == MAX_LOG_LINES
    assert found[-2:] == ["line", FULL]


def test_logged_lines_count_as_printed_ones_do_and_come_no_more_after_the_end() -> None:
    found: list[LogLine] = []
    lines = Lines(found.append)
    for number in range(MAX_LOG_LINES):
        lines.say(f"{number}", fields={"n": number})
        lines.write("x\n")
    assert len(found) == MAX_LOG_LINES
    assert (found[-2].fields, found[-1].message, found[-1].level) == ({"n": MAX_LOG_LINES // 2 - 1}, FULL, "WARNING")
    assert lines.full
    later = Lines(found.append)
    later.finish()
    later.say("too late")
    assert len(found) == MAX_LOG_LINES


def test_threads_that_share_a_log_lose_no_line() -> None:
    found: list[LogLine] = []
    lines = Lines(found.append)
    threads = [threading.Thread(target=lines.write, args=("line\n" * 20,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts(found) == ["line"] * 160


METRICS = '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"padding":"' + "x" * 5_000 + '"}'


@pytest.mark.parametrize("size", [1, 7, 100_000], ids="in pieces of {}".format)
def test_metrics_go_where_they_are_taken_whole_and_however_full_the_log_is(size: int) -> None:
    log, metrics = list[LogLine](), list[str]()
    lines = Lines(log.append, metrics.append)
    text = "before\n" + METRICS + "\n" + "noise\n" * 500 + METRICS + "\n{no metrics}"
    for at in range(0, len(text), size):
        lines.write(text[at : at + size])
    lines.finish()
    assert metrics == [METRICS, METRICS]
    assert texts(log) == ["before", *["noise"] * (MAX_LOG_LINES - 2), FULL]
    assert not lines.full


def test_where_nobody_takes_metrics_they_are_lines_as_any() -> None:
    log: list[LogLine] = []
    lines = Lines(log.append)
    lines.write(METRICS + "\nafter\n")
    assert texts(log) == [METRICS[: MAX_LOG_LINE_CHARS - 1] + "…", "after"]
