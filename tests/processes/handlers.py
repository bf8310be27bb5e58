"""Job types that misbehave, for the worker processes to survive."""

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from queues.context import Context
from queues.jobtype import job
from queues.outcome import Cancel, Discard, RetryAfter, Snooze
from queues.retry import Fixed


class Numbers(BaseModel):
    values: list[int]


class Total(BaseModel):
    total: int


class Awkward(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no message")


@job("add-up")
def add_up(numbers: Numbers) -> Total:
    return Total(total=sum(numbers.values))


@job("who-am-i")
def who_am_i(data: Any) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "group": os.getpgid(0),
        "secrets": [name for name in os.environ if name.startswith("JOBYARD_SECRET")],
        "data": data,
    }


@job("oom-score")
def oom_score(data: Any) -> int:
    return int(Path("/proc/self/oom_score_adj").read_text())


@job("context")
def tell_context(data: Any, ctx: Context) -> dict[str, Any]:
    return {
        "ids": [ctx.job_id, ctx.type, ctx.tenant],
        "attempt": [ctx.attempt, ctx.max_attempts, ctx.last_attempt],
        "remains": 0 < ctx.remaining() <= 30,
    }


@job("segfault")
def segfault(data: Any) -> None:
    print("about to read address 0")
    ctypes.string_at(0)


@job("exit")
def leave(data: dict[str, Any]) -> None:
    print("bye", end="", flush=True)
    if data["how"] == "os._exit":
        os._exit(7)
    if data["how"] == "sys.exit":
        sys.exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


@job("spin")
def spin(data: dict[str, Any]) -> None:
    """Sits in an endless loop, having told by a file that it is there."""
    Path(data["started"]).touch()
    while True:
        pass


@job("c-loop")
def c_loop(data: dict[str, Any]) -> None:
    """Holds the interpreter's lock for ever, as a loop in a C extension may."""
    Path(data["started"]).write_text(str(os.getpid()))
    ctypes.PyDLL(None).pause()


@job("grandchild")
def grandchild(data: dict[str, Any]) -> None:
    """Starts a program that would outlive it."""
    program = subprocess.Popen(["sleep", "600"])
    Path(data["pid_file"]).write_text(str(program.pid))
    if data.get("exit"):
        os._exit(1)
    program.wait()


@job("talk")
def talk(data: Any, ctx: Context) -> None:
    print("printed")
    print("to stderr", file=sys.stderr)
    logging.getLogger("my.logger").info("logged %d", 1, extra={"order": 17, "socket": object()})
    logging.getLogger("my.logger").debug("not this")
    ctx.log("from the context", level="WARNING", cents=990, path=Path("/a"))
    os.write(1, b"by the file descriptor\n")
    subprocess.run(["echo", "by a program"], check=True)
    try:
        int("x")
    except ValueError:
        logging.getLogger("my.logger").exception("it failed: 100 %")
    print("10 %\r50 %\r100 %")
    print("no newline", end="")


@job("shout-and-die")
def shout_and_die(data: Any, ctx: Context) -> None:
    """Says what it can before it dies, the last of it in the middle of a line."""
    logging.getLogger("my.logger").error("logged", extra={"order": 17})
    print("printed")
    print("half a line", end="", file=sys.stderr, flush=True)
    ctx.log("noted", step=3)
    os._exit(7)


@job("flood")
def flood(data: dict[str, Any]) -> str:
    line = b"x" * 2_000 + b"\n"
    for _ in range(data["lines"]):
        os.write(1, line)
    return "done"


@job("report")
def report(data: dict[str, Any], ctx: Context) -> None:
    for number in range(data["reports"]):
        ctx.progress(100 * number / data["reports"], f"step {number}")
    ctx.progress(100, "\ud800 done")


@job("raise")
def misbehave(data: dict[str, Any]) -> None:
    match data["what"]:
        case "error":
            raise ValueError("wrong \ud800 value")
        case "discard":
            raise Discard("never")
        case "snooze":
            raise Snooze(9)
        case "cancel":
            raise Cancel("not wanted")
        case "retry-after":
            raise RetryAfter(5, "busy")
        case "interrupt":
            raise KeyboardInterrupt
        case "awkward":
            raise Awkward


@job(
    "policy",
    on_error={"json.JSONDecodeError": Discard, LookupError: Fixed(40)},
    backoff=lambda attempt, _error: attempt * 100,
)
def policy(data: str) -> Any:
    raise {"json": json.JSONDecodeError("no", "", 0), "key": KeyError("k"), "other": ValueError("v")}[data]


@job("answer")
def answer(data: dict[str, Any]) -> Any:
    return {"object": object(), "large": "x" * 8_000_000, "surrogate": "\ud800"}[data["kind"]]


@job("asynchronous")
async def asynchronous(data: Any) -> None:
    pass


_next_job = threading.Event()
_late = threading.Thread()


@job("leave-thread")
def leave_thread(data: Any, ctx: Context) -> None:
    """Leaves a thread behind that reports when the job has long ended."""
    global _late

    def report() -> None:
        _next_job.wait()
        ctx.progress(13, "too late")

    _late = threading.Thread(target=report, daemon=True)
    _late.start()


@job("await-thread")
def await_thread(data: Any) -> None:
    """Runs while the thread that an earlier job left reports."""
    _next_job.set()
    _late.join()


@job("signalled")
def signalled(data: Any) -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    program = subprocess.Popen(["sleep", "600"])
    program.terminate()
    return str(program.wait())


@job("measured", version=3, upcasts={2: lambda old: {"values": [old["value"]]}})
def measured(numbers: Numbers) -> int:
    """Version 2 had a single value; of version 1 nothing is known any more."""
    return numbers.values[0]


@job("heeds")
def heeds(data: str, ctx: Context) -> str:
    Path(data).write_text("began")
    while not ctx.cancelled:
        time.sleep(0.01)
    ctx.check()
    return "not reached"


@job("hears-in-progress")
def hears_in_progress(data: str, ctx: Context) -> None:
    Path(data).write_text("began")
    for step in range(100_000):
        ctx.progress(step / 1_000)
        time.sleep(0.01)


@job("deaf")
def deaf(data: str) -> None:
    Path(data).write_text(str(os.getpid()))
    time.sleep(600)


@job("is-cancelled")
def is_cancelled(data: object, ctx: Context) -> bool:
    return ctx.cancelled


@job("trace")
def trace(data: Any) -> None:
    from opentelemetry import propagate

    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    print(json.dumps(carrier))
