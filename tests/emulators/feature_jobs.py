"""Job types for test_features.py: all outcomes, long runs, a schedule of code, what is sensitive, a service, alerts."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from pydantic import BaseModel

from queues import Cancel, Context, Discard, Fixed, Recurring, RetryAfter, Snooze, job
from queues.tasks import register_service


class Deed(BaseModel):
    """What an attempt of `deeds` does; the second one returns."""

    what: str = "return"


@job("deeds", attempts=2, backoff=Fixed(600), schedule=Recurring("0 9 1 1 *", name="new-year"))
async def deeds(data: Deed, ctx: Context) -> str:
    """Ends as it is told."""
    if ctx.attempt == 1:
        match data.what:
            case "snooze":
                raise Snooze(0)
            case "retry-after":
                raise RetryAfter(0, "the shop is closed")
            case "discard":
                raise Discard("never")
            case "cancel":
                raise Cancel("the order was withdrawn")
            case "last":
                for tenth in range(600):
                    ctx.progress(tenth / 6, "still at it")
                    await asyncio.sleep(0.1)
    return data.what


@job("vault", sensitive=True)
async def vault(data: dict[str, str], ctx: Context) -> dict[str, str]:
    """Says what it knows in every way, and gives it back."""
    print(data["secret"])
    ctx.progress(50, data["secret"])
    return data


@job("card", sensitive=("number",))
async def card(data: dict[str, str]) -> dict[str, str]:
    """Gives back what it was given, of which the number is nobody's business."""
    return data


@job("deaf", attempts=1, cancel_grace=0.2)
def deaf(_data: dict[str, Any], ctx: Context) -> None:
    """Runs in a process of its own, and heeds nobody."""
    ctx.progress(1, "deaf")
    time.sleep(600)


class Shop:
    """A service whose methods are tasks."""

    def price(self, pieces: int, *, each: float) -> float:
        """Of so many pieces."""
        return pieces * each


register_service("corner-shop", Shop, methods=["price"])


@job("alarm")
async def alarm(data: dict[str, Any]) -> str:
    """Is told of trouble."""
    return str(data["state"])
