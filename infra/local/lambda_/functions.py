"""A function of the embedded Lambda: what this process can run, and what the API tells of it.

Functions are not made by the API. Whoever runs the engine puts them into `engine.functions`, by name, at its start;
`jobyard up` puts one there for each job type. Rows of the database (mappings, waiting events, settings) name functions
and outlive them: they wait until a process has the function again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from infra.local.lambda_.context import MEMORY_MB, LambdaContext

#: The function in its awaitable form: `await invoke(event, context)` answers what a handler returns.
Invoke = Callable[[Any, LambdaContext], Awaitable[Any]]


@dataclass(slots=True, eq=False)
class Function:
    """One function. `invoke` runs a stranger's code: an error that it raises is the function's, not the engine's."""

    name: str
    arn: str
    invoke: Invoke
    #: Where its code is, as in a deployment: `functions.hello.handler`.
    handler: str
    #: Seconds after which an invocation is stopped.
    timeout: float
    #: Invocations at once that it is good for: the bound of its asynchronous ones, and of a mapping that sets none.
    concurrency: int
    memory: int = int(MEMORY_MB)
    description: str = ""
    #: Epoch milliseconds at which it came to be as it is.
    modified_at: int = 0
    #: Seconds for which a mapping hides its messages, beside the batching window, if the function itself sees to it
    #: that they stay hidden while it runs; None: the queue's visibility timeout.
    lease: float | None = None
    #: ARN of a queue and its weight, for a function whose queues share its concurrency; the most urgent one first.
    weights: dict[str, int] = field(default_factory=dict)
    #: Whether its process puts it away: no event is started any more, and a failure may not be its own.
    stopping: bool = False
    #: The synchronous invocations that run now.
    calls: int = 0
    #: The ids of the asynchronous ones.
    events: set[str] = field(default_factory=set)

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def running(self) -> int:
        """Invocations under way, apart from those of mappings."""
        return self.calls + len(self.events)
