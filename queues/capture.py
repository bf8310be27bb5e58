"""What a handler prints or logs, line by line, for its job: Lambda has CloudWatch Logs for this, a job has its row.

Handlers that run on the event loop share one process, so the stream cannot tell whose text it gets. The context can:
`sys.stdout` and `sys.stderr` are replaced by proxies, and the root logger gets a handler, that look up `current`.
Tasks and `asyncio.to_thread` inherit it. Outside of a job all text goes where it always went. Worker processes need
none of that, since a process runs one job at a time: there the parent reads file descriptors 1 and 2 (output.py).
Both hand what they get to `Lines`, which makes lines of it (log_line.py), with the time and the attempt, and holds them
to the bounds of a job's log. What is printed becomes a line at its end; what is logged is one line, and has a level,
its logger's name and its fields besides.

A line in CloudWatch's Embedded Metric Format (JSON with `_aws`) is data and no text: where somebody takes metrics, it
goes there whole, however full the log is, and not into the log.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from threading import RLock
from typing import Any, TextIO

from queues.clock import Clock, system_clock
from queues.limits import MAX_LOG_LINE_CHARS, MAX_LOG_LINES, MAX_METRICS_LINE_CHARS
from queues.log_line import FULL, LogLine, bounded
from queues.log_record import SayingHandler

#: Takes a line of a job's log.
OnLine = Callable[[LogLine], None]
#: Takes a line of metrics that a handler printed.
OnMetrics = Callable[[str], None]


class Lines:
    """Makes lines of what an attempt says, hands each to `on_line`, and stops at the bounds of a log. Threads may share
    one. `clock` says when a line was said.

    With `on_metrics`, lines in the Embedded Metric Format go there instead, and text is read on when the log is full.
    """

    __slots__ = ("_attempt", "_clock", "_count", "_lock", "_on_line", "_on_metrics", "_partial", "closed", "discreet")

    def __init__(
        self,
        on_line: OnLine,
        on_metrics: OnMetrics | None = None,
        discreet: bool = False,
        attempt: int = 1,
        clock: Clock = system_clock,
    ):
        self._on_line = on_line
        self._attempt, self._clock = attempt, clock
        self._on_metrics = None if discreet else on_metrics
        #: Whether nothing of it may go anywhere else, also when the job is over.
        self.discreet = discreet
        #: Stream -> the beginning of a line whose end has not come.
        self._partial: dict[str | None, str] = {}
        self._count = 0
        # Reentrant, because `on_line` is a stranger here and might print.
        self._lock = RLock()
        self.closed = False

    @property
    def full(self) -> bool:
        """Whether further text would be dropped unread."""
        return self._count >= MAX_LOG_LINES and self._on_metrics is None

    def write(self, text: str, stream: str | None = None) -> None:
        """Takes any piece of text that was printed; an unfinished line waits for its end."""
        with self._lock:
            if self.closed or self.full:
                return
            head, newline, rest = text.partition("\n")
            while newline:
                self._emit(self._kept(self._partial.pop(stream, "") + head), stream)
                if self.full:
                    return
                head, newline, rest = rest.partition("\n")
            self._partial[stream] = self._kept(_last_return(self._partial.get(stream, "") + head))

    def say(
        self,
        message: str,
        level: str = "INFO",
        fields: Mapping[str, Any] | None = None,
        logger: str | None = None,
        exception: str | None = None,
    ) -> None:
        """Takes a line that is more than text."""
        with self._lock:
            if not self.closed:
                self._add(message, level, fields, logger, exception)

    def _kept(self, line: str) -> str:
        # One character over the bound is kept, so that a cut line can be told from one that just fits.
        may_be_metrics = self._on_metrics is not None and line.startswith("{")
        return line[: (MAX_METRICS_LINE_CHARS if may_be_metrics else MAX_LOG_LINE_CHARS) + 1]

    def finish(self) -> None:
        """Hands out the unfinished line; what is written afterwards is no longer this job's."""
        with self._lock:
            if self._partial and not self.closed:
                for stream, line in list(self._partial.items()):
                    if line:
                        self._emit(line, stream)
            self.closed = True

    def _emit(self, line: str, stream: str | None) -> None:
        if self._on_metrics is not None and line.startswith("{") and '"_aws"' in line:
            self._on_metrics(line)
        else:
            self._add(_last_return(line.removesuffix("\r")), stream=stream)

    def _add(
        self,
        message: str,
        level: str = "INFO",
        fields: Mapping[str, Any] | None = None,
        logger: str | None = None,
        exception: str | None = None,
        stream: str | None = None,
    ) -> None:
        if self._count >= MAX_LOG_LINES:
            return
        self._count += 1
        now = self._clock()
        if self._count == MAX_LOG_LINES:
            self._on_line(LogLine(now, self._attempt, FULL, "WARNING"))
        else:
            self._on_line(bounded(now, self._attempt, message, level, fields, logger, exception, stream))


def _last_return(line: str) -> str:
    """What a terminal would show of a line that a progress bar rewrites: the text after its last carriage return."""
    if "\r" not in line:
        return line
    return line[line.rfind("\r", 0, len(line) - 1) + 1 :]


#: The log of the job that runs in this context, if one does.
current: ContextVar[Lines | None] = ContextVar("jobyard_log", default=None)


class to(Lines):  # noqa: N801 - used as `with capture.to(on_line):`, a class because that is cheaper than a generator
    """Within the block, what is printed or logged in this context goes to `on_line`, a line at a time."""

    __slots__ = ("_token",)
    _token: Token[Lines | None]

    def __enter__(self) -> Lines:
        self._token = current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        current.reset(self._token)
        self.finish()


class Stream(io.TextIOBase):
    """Stands for a standard stream. All but writing is the real stream's."""

    def __init__(self, real: TextIO):
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def flush(self) -> None:
        self.real.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.real.isatty()

    def fileno(self) -> int:
        return self.real.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override] # typeshed has a plain attribute here
        return self.real.encoding

    @property
    def buffer(self) -> Any:
        return self.real.buffer

    def close(self) -> None:
        """A handler cannot close the server's output; nor can the collector."""


class _Routed(Stream):
    """Looks up whose text it gets."""

    def __init__(self, real: TextIO, name: str | None = None):
        super().__init__(real)
        self._name = name

    def write(self, text: str) -> int:
        lines = current.get()
        if lines is None or (lines.closed and not lines.discreet):
            return self.real.write(text)
        lines.write(text, self._name)
        return len(text)

    def isatty(self) -> bool:
        return current.get() is None and self.real.isatty()


class _JobHandler(SayingHandler):
    """Attaches records that are made within a job."""

    def __init__(self) -> None:
        super().__init__(self._say)

    def emit(self, record: logging.LogRecord) -> None:
        lines = current.get()
        if lines is not None and (lines.discreet or not lines.closed):
            super().emit(record)
        elif (
            logging.root.handlers == [self]
            and logging.lastResort is not None
            and record.levelno >= logging.lastResort.level
        ):
            # Our presence must not silence the warnings that an unconfigured `logging` prints.
            logging.lastResort.handle(record)

    def _say(self, *said: Any) -> None:
        lines = current.get()
        if lines is not None:
            lines.say(*said)


def _is_public(_record: logging.LogRecord) -> bool:
    """Whether a record may go to the process's own log: not one that is made within a sensitive job."""
    lines = current.get()
    return lines is None or not lines.discreet


_uninstall: Callable[[], None] | None = None


def install() -> Callable[[], None]:
    """Puts the proxies and the handler in place, once; answers a function that takes them away again.

    Call it after logging is configured: a handler made later writes to the proxy, so that a job would get its records
    twice. A root logger that is at its default level, WARNING, is set to INFO, so that `log.info` reaches the job.
    """
    global _uninstall
    if _uninstall is not None:
        return _uninstall
    out, err = _Routed(sys.stdout), _Routed(sys.stderr, "stderr")
    handler = _JobHandler()
    root, level = logging.getLogger(), logging.getLogger().level
    sys.stdout, sys.stderr = out, err
    others = list(root.handlers)
    for other in others:
        other.addFilter(_is_public)
    root.addHandler(handler)
    if level == logging.WARNING:
        root.setLevel(logging.INFO)

    def uninstall() -> None:
        global _uninstall
        if _uninstall is not uninstall:
            return
        _uninstall = None
        if sys.stdout is out:
            sys.stdout = out.real
        if sys.stderr is err:
            sys.stderr = err.real
        root.removeHandler(handler)
        for other in others:
            other.removeFilter(_is_public)
        root.setLevel(level)

    _uninstall = uninstall
    return uninstall
