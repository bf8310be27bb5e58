"""Job types that stop where a test wants them to: the tests of the command line run them in real processes."""

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path

from pydantic import BaseModel

from functions.hello import hello
from queues import SERVICE_CLASSES, Context, Discard, Fixed, job

__all__ = ["crash", "graded", "hello", "hold", "hold_in_process", "refuse", "troubled"]

#: Seconds between two looks for the file.
LOOK = 0.01


class Held(BaseModel):
    #: The job ends when this file is there.
    until: str


@job("hold", attempts=3, backoff=Fixed(0), timeout=60)
async def hold(data: Held, ctx: Context) -> int:
    ctx.progress(50, "holding")
    while not Path(data.until).exists():  # noqa: ASYNC110, ASYNC240 - what it waits for happens in another process
        await asyncio.sleep(LOOK)
    return ctx.attempt


@job("hold-in-process", attempts=3, backoff=Fixed(0), timeout=60)
def hold_in_process(data: Held, ctx: Context) -> int:
    ctx.progress(50, "holding")
    while not Path(data.until).exists():
        time.sleep(LOOK)
    return ctx.attempt


@job("graded", priorities=SERVICE_CLASSES)
async def graded(data: dict[str, str]) -> str:
    return "done"


@job("crash", attempts=1)
def crash(data: dict[str, str]) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@job("troubled")
def troubled(what: str, ctx: Context) -> None:
    print(f"looking for the {what}")
    logging.getLogger("shop").warning("it is slow", extra={"ms": 990, "where": {"room": 3}})
    print("no paper", file=sys.stderr)
    ctx.log("gave up", level="ERROR")


@job("refuse", attempts=5)
async def refuse(data: dict[str, str]) -> None:
    print("\x1b[31mnot today")
    raise Discard("it is closed\x1b[0m")
