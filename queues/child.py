"""The worker process: `python -m queues.child`, started by process.py. It runs plain `def` handlers, one at a time.

It imports the job modules once, on its first call, and stays warm. The handler runs in the main thread, so that it may
use signals. Its prints and logs leave through file descriptors 1 and 2, which the parent reads (output.py); everything
that must arrive whole (progress, the outcome) leaves as frames through a pipe of its own that no print can disturb.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import select
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import Any

from queues.catalog import Catalog, load
from queues.context import Context
from queues.errors import UnknownJobType, Unreadable
from queues.frames import STACKS_SIGNAL, Decoder, Frame, encode, outcome_frame
from queues.job import ErrorInfo
from queues.job_options import JobOptions
from queues.jobtype import JobType
from queues.lifeline import offer_to_oom_killer, tie_to_parent
from queues.limits import MAX_LOG_LINE_CHARS
from queues.log_record import SayingHandler
from queues.outcome import Lost, Outcome, Raised, Refused, returned, unreadable
from queues.output import ErrorStream, say
from queues.policy import outcome_of

#: Bytes of one read from the parent.
READ_BYTES = 65_536
#: Seconds between two progress reports of a job; of those in between, the last is sent.
PROGRESS_SECONDS = 0.1


class Progress:
    """Sends the latest report, not each: a handler may report in a tight loop."""

    def __init__(self, replies: Replies):
        self._replies = replies
        self._lock = threading.Lock()
        self._waiting: Frame | None = None
        self._sent_at = float("-inf")
        self._ended = False

    def report(self, percent: float, note: str | None) -> None:
        frame = {"percent": float(percent), "note": None if note is None else str(note)[:MAX_LOG_LINE_CHARS]}
        with self._lock:
            if self._ended:
                return
            wait = self._sent_at + PROGRESS_SECONDS - monotonic()
            if wait <= 0:
                self._send(frame)
            elif self._waiting is not None:
                self._waiting = frame
            else:
                self._waiting = frame
                timer = threading.Timer(wait, self._send_waiting)
                timer.daemon = True
                timer.start()

    def end(self) -> None:
        """Sends what waits. A thread that outlives its job reports nothing any more."""
        with self._lock:
            self._ended = True
            if self._waiting is not None:
                self._send(self._waiting)

    def _send_waiting(self) -> None:
        with self._lock:
            if self._waiting is not None and not self._ended:
                self._send(self._waiting)

    def _send(self, frame: Frame) -> None:
        self._waiting = None
        self._sent_at = monotonic()
        self._replies.send(frame)


class Replies:
    """The pipe to the parent. A frame is written whole, whichever thread sends it."""

    def __init__(self, fd: int):
        self._fd = fd
        self._lock = threading.Lock()

    def send(self, frame: Frame) -> None:
        data = memoryview(encode(frame))
        with self._lock:
            while data:
                data = data[os.write(self._fd, data) :]


class Calls:
    """The pipe from the parent. While a call runs, all that can come is word that it is not wanted any more.

    That word is looked for when the handler asks: nothing waits for it, and no call pays for it.
    """

    def __init__(self, fd: int):
        self._fd = fd
        self._decoder = Decoder()
        self._frames: deque[Frame] = deque()
        self._lock = threading.Lock()
        self._running = self._cancelled = False

    def __iter__(self) -> Iterator[Frame]:
        """What the parent asks for, until it closes the pipe; word about a call that has ended is passed over."""
        while self._frames or self._read():
            frame = self._frames.popleft()
            if "cancel" not in frame:
                yield frame

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While the call that came last runs."""
        with self._lock:
            self._running, self._cancelled = True, bool(self._frames)
        try:
            yield
        finally:
            # A thread that outlives its job must not read what is meant for the next one.
            with self._lock:
                self._running = False

    def cancelled(self) -> bool:
        """Whether the call that runs is not wanted any more."""
        with self._lock:
            if self._running and not self._cancelled and select.select([self._fd], [], [], 0)[0]:
                self._cancelled = self._read()
            return self._cancelled

    def _read(self) -> bool:
        """Whether there are frames, which may mean to wait for one; there are none once the parent has gone."""
        while not self._frames and (data := os.read(self._fd, READ_BYTES)):
            self._frames.extend(self._decoder.feed(data))
        return bool(self._frames)


def serve(calls: Calls, replies: Replies) -> None:
    """Answers each call until the parent closes the pipe."""
    frames = iter(calls)
    setup = next(frames, None)
    if setup is None:
        return
    sys.path[:] = setup["path"]
    catalog: Catalog | None = None
    for call in frames:
        progress = Progress(replies)
        try:
            if catalog is None:
                catalog = load(setup["modules"])
            replies.send({"began": True})
            with calls.running(), _traced(call):
                outcome = attempt(catalog.get(call["type"]), call, progress, calls)
        except UnknownJobType as error:
            outcome = Refused(ErrorInfo("UnknownJobType", str(error)))
        except SystemExit as error:
            outcome = Lost(f"the handler ended its process: sys.exit({error.code!r})")
        except BaseException as error:
            outcome = _raised(error, catalog, call)
        progress.end()
        _flush()
        replies.send(outcome_frame(outcome))


def _traced(call: Frame) -> contextlib.AbstractContextManager[None]:
    """What the handler enqueues or traces belongs to its attempt's span, if there is one."""
    if "trace" not in call:
        return contextlib.nullcontext()
    from queues.observe.tracing import within

    return within(call["trace"])


def attempt(job_type: JobType[Any, Any], call: Frame, progress: Progress, calls: Calls) -> Outcome:
    """Runs the function of `job_type` on the data of `call`."""
    if job_type.is_async:
        reason = f"job type {job_type.name!r} is `async def`: it runs on the event loop, not in a worker process"
        return Raised(ErrorInfo("Misconfigured", reason), permanent=True)
    try:
        data = job_type.parse(call["data"], call["version"])
    except Unreadable as error:
        return unreadable(error)
    context = Context(
        job_id=call["id"],
        type=call["type"],
        tenant=call["tenant"],
        attempt=call["attempt"],
        max_attempts=call["of"],
        timeout=call["timeout"],
        on_progress=progress.report,
        on_log=say,
        is_cancelled=calls.cancelled,
    )
    value = job_type.function(data, context) if job_type.wants_context else job_type.function(data)
    return returned(job_type.dump, value)


def _raised(error: BaseException, catalog: Catalog | None, call: Frame) -> Outcome:
    # The first frame is `serve`, the second `attempt`: neither is the handler's.
    frame = error.__traceback__
    for _ in range(2):
        frame = frame.tb_next if frame is not None and frame.tb_next is not None else frame
    text = "".join(traceback.format_exception(type(error), error, frame))
    # There is no catalog if its modules could not be imported.
    options = JobOptions() if catalog is None else catalog.get(call["type"]).options
    return outcome_of(error, text, options, call["attempt"], asks_type=call["custom"])


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr] # a handler may have set it to None


def _ignore_stop_signals() -> None:
    """A service manager signals all processes of a service; only the parent may decide when a job stops.

    Handlers that do nothing, not SIG_IGN, which programs started by a job would inherit; forks get the default back.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    os.register_at_fork(after_in_child=_default_stop_signals)


def _default_stop_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def main() -> None:
    """`python -m queues.child CALLS REPLIES LIFELINE PARENT`: three inherited pipe ends and the parent's process id."""
    calls, replies, lifeline, parent = map(int, sys.argv[1:])
    tie_to_parent(lifeline, parent)
    offer_to_oom_killer()
    for fd in (calls, replies, lifeline):
        os.set_inheritable(fd, False)
    _ignore_stop_signals()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    sys.stderr = ErrorStream(sys.stderr)
    logging.basicConfig(handlers=[SayingHandler(say)], level=logging.INFO)
    # A segmentation fault leaves the Python stack in the job's log, and so does a timeout.
    faulthandler.enable()
    faulthandler.register(STACKS_SIGNAL)
    serve(Calls(calls), Replies(replies))


if __name__ == "__main__":
    main()
