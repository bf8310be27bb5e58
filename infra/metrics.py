"""Lines of metrics that handlers print become metrics of the embedded CloudWatch, as on AWS those in a log do."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

from infra.local.cloudwatch import emf_metrics, record
from infra.local.engine import Engine
from infra.local.request import Operation, Request

log = logging.getLogger(__name__)

#: Lines that wait to be written down; those beyond are dropped, with a word in the log.
MAX_WAITING = 10_000


class MetricLines:
    """Call it with a line, from any thread. What comes in one turn of the loop is written in one call."""

    def __init__(self, engine: Engine, region: str):
        self._engine = engine
        self._region = region
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[str] = deque()
        self._dropped = False
        self._writing: set[asyncio.Task[None]] = set()

    def __call__(self, line: str) -> None:
        if len(self._waiting) >= MAX_WAITING:
            if not self._dropped:
                self._dropped = True
                log.warning("handlers print metrics faster than they can be kept: some are dropped")
            return
        self._waiting.append(line)
        if len(self._waiting) == 1:
            self._loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        lines, self._waiting = self._waiting, deque()
        self._dropped = False
        data = [datum for line in lines for datum in emf_metrics(line)]
        if not data:
            return

        def write(request: Request, params: dict[str, Any]) -> dict[str, Any]:
            return {"stored": record(request, self._region, data)}

        task = self._loop.create_task(self._write(write))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, operation: Operation) -> None:
        try:
            await self._engine.submit(operation, {})
        except Exception:
            log.exception("metrics that a handler printed are lost")
