"""One warm worker process as its parent sees it: start it, run a call in it, kill it, know how it ended.

All that the process says arrives through two pipes that the event loop watches: frames (frames.py) and output. What
the handler printed before it ended is in the output pipe before its outcome is in the other, so that one read of the
output, when the outcome arrives, gets all of it. The end of the process is learnt from the operating system and not
from a closed pipe, since programs that the handler started may hold the pipe open.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from queues.capture import Lines, OnLine, OnMetrics
from queues.clock import Clock, system_clock
from queues.frames import STACKS_SIGNAL, BrokenFrame, Decoder, Frame, encode, read_outcome
from queues.log_line import LogLine
from queues.outcome import Cancelled, Lost, Outcome, TimedOut
from queues.output import Reader

log = logging.getLogger(__name__)

#: Bytes of one read: what a pipe holds on Linux (pipe(7)), so that one read empties it.
PIPE_BYTES = 65_536
#: Seconds that a fresh process may take to import the job modules.
START_SECONDS = 120.0
#: Seconds between a timeout and the kill, in which the stacks of all threads go to the job's log: where did it hang?
STACKS_SECONDS = 0.05
#: Seconds that a process gets to exit when it is asked to, and to vanish when it is killed.
EXIT_SECONDS = 3.0


#: Takes what cancels a call, given the seconds in which it may end by itself, or None when the call is over.
Listen = Callable[[Callable[[float], None] | None], None]


@dataclass(frozen=True, slots=True)
class Call:
    """What a worker process is asked to run."""

    type: str
    data_json: str
    job_id: str
    tenant: str
    #: 1 for the first attempt.
    attempt: int
    max_attempts: int
    data_version: int = 1
    #: Whether the type's own function says how long to wait after an exception.
    custom_backoff: bool = False
    #: The trace that what it does belongs to, if traces are on.
    trace: str | None = None
    #: Whether nothing of what it prints may go anywhere but to its own log.
    discreet: bool = False


class _Turn:
    """The call that a process is busy with."""

    __slots__ = ("done", "expired", "grace", "lines", "on_progress", "timeout", "timer")

    def __init__(
        self,
        timeout: float,
        on_progress: Callable[[float, str | None], None],
        lines: Lines,
        done: asyncio.Future[Outcome],
        timer: asyncio.TimerHandle,
    ):
        self.timeout = timeout
        self.on_progress = on_progress
        self.lines = lines
        self.done = done
        self.timer = timer
        #: Set while the call is given time to end by itself.
        self.grace: asyncio.TimerHandle | None = None
        #: Whether its time is up; what it says from then on is not believed.
        self.expired = False

    def end(self, outcome: Outcome) -> None:
        if not self.done.done():
            self.done.set_result(outcome)


class Process:
    """A child process that runs one call after another. `Process.start()` makes one."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        calls: asyncio.WriteTransport,
        ends: tuple[int, int, int],
        on_metrics: OnMetrics | None,
        clock: Clock,
    ):
        self.pid = process.pid
        #: Whether it can take another call.
        self.usable = True
        #: Whether the last call got as far as its handler.
        self.began = False
        self._process = process
        self._calls = calls
        self._replies, self._output, self._lifeline = ends
        self._frames = Decoder()
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._reader = Reader()
        self._on_metrics = on_metrics
        #: Says when a line arrived: the process's own clock is nobody's.
        self._clock = clock
        self._idle_lines = Lines(self._say)
        #: Whether the last call was discreet: a thread of its may outlive it, and print.
        self._discreet = False
        self._turn: _Turn | None = None
        self._loop = asyncio.get_running_loop()
        for fd, ready in ((self._replies, self._read_replies), (self._output, self._read_output)):
            os.set_blocking(fd, False)
            self._loop.add_reader(fd, ready)
        self._exit = asyncio.create_task(self._await_exit(), name=f"worker process {self.pid}")

    @classmethod
    async def start(
        cls,
        modules: Sequence[str],
        environment: Mapping[str, str],
        on_metrics: OnMetrics | None = None,
        clock: Clock = system_clock,
    ) -> Process:
        """Starts a process that will import `modules` on its first call; OSError if the system has no room for it."""
        with ExitStack() as ours, ExitStack() as theirs:
            calls, calls_out = _pipe(reads=theirs, writes=ours)
            replies, replies_in = _pipe(reads=ours, writes=theirs)
            output, output_in = _pipe(reads=ours, writes=theirs)
            lifeline, lifeline_out = _pipe(reads=theirs, writes=ours)
            # A session of its own: Ctrl-C in the terminal does not reach it, and its whole group can be killed.
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "queues.child"),
                *map(str, (calls, replies_in, lifeline, os.getpid())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output_in,
                stderr=output_in,
                pass_fds=(calls, replies_in, lifeline),
                start_new_session=True,
                env=environment,
            )
            transport, _ = await asyncio.get_running_loop().connect_write_pipe(
                asyncio.BaseProtocol, os.fdopen(calls_out, "wb", buffering=0, closefd=True)
            )
            ours.pop_all()
        transport.write(encode({"modules": list(modules), "path": sys.path}))
        return cls(process, transport, (replies, output, lifeline_out), on_metrics, clock)

    async def run(
        self,
        call: Call,
        timeout: float,
        on_progress: Callable[[float, str | None], None],
        on_log: OnLine,
        listen: Listen,
    ) -> Outcome:
        """Runs one call to its end. After TimedOut or Lost the process is gone, with all that it started.

        `timeout` seconds count from when the handler begins. `listen` is given what cancels the call, and None at its
        end. If the awaiting task is cancelled, the process is killed.
        """
        self._read_output()
        timer = self._loop.call_later(START_SECONDS, self._never_began)
        self._discreet = call.discreet
        on_metrics = None if call.discreet else self._on_metrics
        lines = Lines(on_log, on_metrics, attempt=call.attempt, clock=self._clock)
        turn = self._turn = _Turn(timeout, on_progress, lines, self._loop.create_future(), timer)
        self.began = False
        if self._exit.done():
            turn.end(Lost(_how_it_ended(self._exit.result())))
        else:
            self._calls.write(_call_frame(call, timeout))
            listen(self._cancel)
        try:
            outcome = await turn.done
            if not self.usable:
                await asyncio.wait({self._exit}, timeout=EXIT_SECONDS)
            return outcome
        except asyncio.CancelledError:
            self.kill()
            raise
        finally:
            listen(None)
            turn.timer.cancel()
            if turn.grace is not None:
                turn.grace.cancel()
            self._turn = None
            with _logged("on_log"):
                turn.lines.finish()
            self._text.reset()
            self._reader = Reader()

    def kill(self) -> None:
        """Ends the process and everything in its group, at once."""
        self.usable = False
        if not self._exit.done():
            self._kill_group()

    async def close(self) -> None:
        """Lets an idle process exit by itself, kills it if it does not, and waits until it is gone."""
        self.usable = False
        self._calls.close()
        _, still_there = await asyncio.wait({self._exit}, timeout=EXIT_SECONDS)
        if still_there:
            self.kill()
            await asyncio.wait({self._exit}, timeout=EXIT_SECONDS)

    async def _await_exit(self) -> int:
        code = await self._process.wait()
        self.usable = False
        self._read_replies()
        self._read_output()
        for fd in (self._replies, self._output):
            self._loop.remove_reader(fd)
            os.close(fd)
        os.close(self._lifeline)
        self._replies = self._output = self._lifeline = -1
        self._calls.close()
        # What the handler started, and left behind, ends with it.
        self._kill_group()
        if (turn := self._turn) is not None:
            turn.end(TimedOut(turn.timeout) if turn.expired else Lost(_how_it_ended(code)))
        return code

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    # --- what the loop calls ------------------------------------------------------------------------------------

    def _read_replies(self) -> None:
        data = self._read(self._replies)
        try:
            for frame in self._frames.feed(data):
                self._take(frame)
        except BrokenFrame as broken:
            self.kill()
            if self._turn is not None:
                self._turn.end(Lost(f"the worker process sent {broken}"))

    def _read_output(self) -> None:
        data = self._read(self._output)
        lines = self._turn.lines if self._turn is not None else self._idle_lines
        if data and not lines.full:
            with _logged("on_log"):
                self._reader.feed(self._text.decode(data), lines)

    def _read(self, fd: int) -> bytes:
        """One read; nothing if there is nothing, or if the pipe is closed, which is then watched no longer."""
        if fd < 0:
            return b""
        try:
            data = os.read(fd, PIPE_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            self._loop.remove_reader(fd)
        return data

    def _take(self, frame: Frame) -> None:
        turn = self._turn
        if turn is None or turn.expired or turn.done.done():
            return
        if "outcome" in frame:
            outcome = read_outcome(frame)
            self._read_output()
            if isinstance(outcome, Lost):
                self.kill()
            turn.end(outcome)
        elif "percent" in frame:
            with _logged("on_progress"):
                turn.on_progress(frame["percent"], frame.get("note"))
        elif "began" in frame:
            self.began = True
            turn.timer.cancel()
            turn.timer = self._loop.call_later(turn.timeout, self._time_is_up)

    def _time_is_up(self) -> None:
        # The outcome may be in the pipe already.
        self._read_replies()
        turn = self._turn
        if turn is not None and not turn.done.done():
            turn.expired = True
            with suppress(ProcessLookupError):
                os.kill(self.pid, STACKS_SIGNAL)
            turn.timer = self._loop.call_later(STACKS_SECONDS, self._stop_turn, TimedOut(turn.timeout))

    def _cancel(self, grace: float) -> None:
        """Tells the handler that it is not wanted any more, and ends it with its process after so many seconds."""
        turn = self._turn
        if turn is not None and not turn.done.done():
            self._calls.write(encode({"cancel": True}))
            turn.grace = self._loop.call_later(grace, self._grace_is_over)

    def _grace_is_over(self) -> None:
        # The outcome may be in the pipe already.
        self._read_replies()
        self._stop_turn(Cancelled("it did not end by itself when it was cancelled"))

    def _never_began(self) -> None:
        reason = f"the worker process did not import its job modules within {START_SECONDS:g} s"
        self._stop_turn(Lost(reason))

    def _stop_turn(self, outcome: Outcome) -> None:
        if self._turn is not None and not self._turn.done.done():
            self.kill()
            self._turn.end(outcome)

    def _say(self, line: LogLine) -> None:
        if not self._discreet:
            log.info("worker process %d, between jobs: %s", self.pid, line)


def _pipe(reads: ExitStack, writes: ExitStack) -> tuple[int, int]:
    """A pipe whose ends are closed with the given stacks."""
    ends = os.pipe()
    for fd, stack in zip(ends, (reads, writes), strict=True):
        stack.callback(os.close, fd)
    return ends


def _call_frame(call: Call, timeout: float) -> bytes:
    traced = {} if call.trace is None else {"trace": call.trace}
    return encode(
        traced
        | {
            "type": call.type,
            "data": call.data_json,
            "id": call.job_id,
            "tenant": call.tenant,
            "attempt": call.attempt,
            "of": call.max_attempts,
            "version": call.data_version,
            "custom": call.custom_backoff,
            "timeout": timeout,
        }
    )


def _how_it_ended(code: int) -> str:
    """A sentence for an exit code as `asyncio` gives it: negative for a signal."""
    if code >= 0:
        return f"the worker process ended with exit code {code} before the job was done"
    try:
        name = f" ({signal.Signals(-code).name})"
    except ValueError:
        name = ""
    hint = "; the kernel does that when memory runs out" if -code == signal.SIGKILL else ""
    return f"the worker process was killed by signal {-code}{name}{hint}"


@contextmanager
def _logged(name: str) -> Iterator[None]:
    """A callback that fails must not stop the reading of a pipe."""
    try:
        yield
    except Exception:
        log.exception("%s failed", name)
