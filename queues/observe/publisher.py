"""IO: sends what a long-running process has counted to CloudWatch, once a minute.

What holds if the process dies: what has not been sent is not told, a minute's counts at the most. If the answer to a
request is lost, the request is sent again, and what it held may count twice. These are numbers for graphs; the rows are
the truth.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import Clock
from queues.observe.cloudwatch import MAX_DATA, NAMESPACE, data
from queues.observe.meter import Meter

log = logging.getLogger("jobyard.metrics")

#: Seconds between two requests: the resolution of CloudWatch's metrics.
INTERVAL = 60.0
#: Requests that wait for CloudWatch to answer again; older ones are dropped.
MAX_PENDING = 60


class Publisher:
    """Of one process. `run` for ever, then `send` once more."""

    def __init__(self, cloudwatch: Any, meter: Meter, service: str, clock: Clock):
        self._cloudwatch, self._meter, self._service, self._clock = cloudwatch, meter, service, clock
        self._pending: deque[list[dict[str, Any]]] = deque(maxlen=MAX_PENDING)
        #: Held by who sends: a stop that is cut short sends a second time.
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Sends every INTERVAL, whatever CloudWatch says to it."""
        while True:
            await asyncio.sleep(INTERVAL)
            await self.send()

    async def send(self) -> None:
        """Sends what there is; what CloudWatch does not take is sent with the next."""
        found = data(self._meter.take(), self._service, self._clock() // 1000)
        self._pending.extend(found[first : first + MAX_DATA] for first in range(0, len(found), MAX_DATA))
        async with self._sending:
            try:
                while self._pending:
                    await self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=self._pending[0])
                    self._pending.popleft()
            except (ClientError, BotoCoreError, OSError) as error:
                log.warning("CloudWatch does not take metrics now, they will be sent again: %s", error)
