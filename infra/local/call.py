"""One call on its way through the engine, and what may come of it."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from infra.local.request import Later, Operation, Wait


@dataclass(slots=True, eq=False)
class Call:
    """Queued, run, perhaps parked and run again, answered."""

    run: Operation
    params: dict[str, Any]
    region: str
    endpoint: str
    future: asyncio.Future[dict[str, Any]]
    #: Whether its parameters are known to be sound.
    trusted: bool = False
    #: Epoch milliseconds of the first run; 0 before it.
    arrived: int = 0
    #: What it waits for, while or since it was parked.
    key: Hashable = None
    timer: asyncio.TimerHandle | None = None
    parked: bool = False


#: What came of a call: its reply, its error, or that it waits.
Outcome = dict[str, Any] | Exception | Wait | Later
