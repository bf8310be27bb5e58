"""One invocation: the function is called with an event and a context, stopped at its timeout, its answer understood."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.local.lambda_.context import VERSION, LambdaContext
from infra.local.lambda_.event import Record
from infra.local.lambda_.functions import Invoke
from infra.local.lambda_.patterns import Matches
from infra.local.lambda_.response import MalformedResponse, failed_ids
from queues.clock import Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which queue feeds which function, and how. The names are those of CreateEventSourceMapping."""

    queue_url: str
    queue_arn: str
    function_name: str
    function_arn: str
    region: str
    #: Records of one event at the most.
    batch_size: int
    #: Seconds to gather a batch from its first message on; 0: one receive.
    batching_window: float
    #: Invocations at once at the most.
    maximum_concurrency: int
    #: Seconds after which an invocation is stopped.
    function_timeout: float
    #: Seconds for ReceiveMessage; None: the queue's own.
    visibility_timeout: int | None = None
    #: Whether a receive that is broken off goes on at the other end of its connection, and hides what it finds.
    polls_linger: bool = False
    #: Receives without a wait after one that brought messages, before the next long poll. Emulators look only now and
    #: then whether a long poll can be answered; AWS answers at once, and charges for each receive.
    quick_looks: int = 0
    #: Whether the function says in its answer which records of a batch failed (`ReportBatchItemFailures`).
    reports_failures: bool = True
    #: Which records are for the function; None: all.
    filter: Matches | None = None


class Invoker:
    """Invokes a mapping's function."""

    def __init__(self, mapping: Mapping, invoke: Invoke, *, clock: Clock, new_id: Callable[[], str]):
        self._mapping = mapping
        self._invoke = invoke
        self._new_id = new_id
        self._log_stream = log_stream_name(clock(), new_id())

    async def call(self, batch: list[Record]) -> set[str] | None:
        """Invokes the function; the ids of the messages that failed, or None if all of them count as failed."""
        mapping = self._mapping
        request_id = self._new_id()
        context = LambdaContext(
            mapping.function_name,
            mapping.function_arn,
            request_id,
            self._log_stream,
            mapping.function_timeout,
            asyncio.get_running_loop().time,
        )
        limit = asyncio.timeout(mapping.function_timeout)
        try:
            async with limit:
                response = await self._invoke({"Records": batch}, context)
            if not mapping.reports_failures:
                return set()
            return failed_ids(response, {record["messageId"] for record in batch})
        except MalformedResponse as error:
            log.warning("%s, request %s: %s", mapping.function_name, request_id, error)
        except (Exception, SystemExit) as error:
            if limit.expired():
                seconds = mapping.function_timeout
                log.warning("%s, request %s: timed out after %g s", mapping.function_name, request_id, seconds)
            else:
                log.warning("%s, request %s failed", mapping.function_name, request_id, exc_info=error)
        return None


def log_stream_name(now: int, instance: str) -> str:
    """A log stream's name as Lambda makes it: `2026/11/05/[$LATEST]` and 32 hexadecimal digits."""
    day = datetime.fromtimestamp(now / 1000, UTC)
    return f"{day:%Y/%m/%d}/[{VERSION}]{instance.replace('-', '')}"
