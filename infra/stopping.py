"""How a long-running command is asked to stop: the first Ctrl-C or SIGTERM lets running jobs finish, a second does
not."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

#: The signals that ask for a stop: Ctrl-C, and what supervisors and containers send.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Asked by signals, awaited by the process."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()

    def ask(self) -> None:
        """What a signal does. The second time means: at once."""
        if self.asked.is_set():
            self.hurried.set()
        self.asked.set()

    async def unless_asked(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether `work` was done; it is broken off when a stop is asked for before its end."""
        doing, asked = asyncio.create_task(work), asyncio.create_task(self.asked.wait())
        try:
            await asyncio.wait({doing, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            if not doing.done():
                doing.cancel()
                await asyncio.wait({doing})
        if doing.cancelled():
            return False
        doing.result()
        return True

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within the block the signals ask this object. To be entered on a running event loop."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.ask)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)
