"""Sensitive job types that say what they know in every way that a handler has."""

from __future__ import annotations

import logging
from typing import Any

from pydantic import BaseModel

from queues import Cancel, Context, Fixed, job

OPTIONS: dict[str, Any] = {"attempts": 2, "backoff": Fixed(0), "timeout": 30}


class Card(BaseModel):
    """What shall not be known."""

    card_number: str
    city: str = "Kyiv"
    then: str = "return"


def tell(data: Card, ctx: Context) -> Any:
    """Prints it, logs it, reports it, and ends as it is told."""
    print(f"printing {data.card_number}")
    logging.getLogger("handler").warning("logging %s", data.card_number)
    ctx.log(f"noting {data.card_number}", card=data.card_number, **{data.card_number: 1})
    ctx.progress(50, f"at {data.card_number}")
    print('{"_aws": {}, "card": "' + data.card_number + '"}')
    if data.then == "raise":
        raise ValueError(f"not {data.card_number}")
    if data.then == "cancel":
        raise Cancel(f"no more {data.card_number}")
    return {"card_number": data.card_number, "city": data.city}


@job("secret", sensitive=True, **OPTIONS)
async def secret(data: Card, ctx: Context) -> Any:
    return tell(data, ctx)


@job("secret-process", sensitive=True, **OPTIONS)
def secret_process(data: Card, ctx: Context) -> Any:
    return tell(data, ctx)


@job("secret-field", sensitive=("card_number",), **OPTIONS)
async def secret_field(data: Card, ctx: Context) -> Any:
    return tell(data, ctx)
