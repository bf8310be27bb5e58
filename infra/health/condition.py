"""Whether a worker lives and is ready, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.health.endpoint import Endpoint, brief
from infra.pausable import PollingEnded
from infra.worker import Worker


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is not as it should be: a word for programs, a sentence for people."""

    #: starting, draining, polling or endpoint.
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Condition:
    """An answer to a probe: it is good if there is no reason why not."""

    good: bool
    body: dict[str, Any]


def live(worker: Worker) -> Condition:
    """Good while the event loop turns, which answering shows, and every queue has somebody who polls it."""
    reasons = []
    if not worker.draining:
        reasons = [
            Reason("polling", f"the queue of {name} is polled no more: a fault in this program; restart it")
            for name, trouble in worker.troubles().items()
            if isinstance(trouble, PollingEnded)
        ]
    return _condition("live", worker, reasons)


async def ready(worker: Worker, endpoint: Endpoint) -> Condition:
    """Good while it polls, its receives succeed, the endpoint answers and nobody has asked it to stop."""
    reasons = []
    if worker.draining:
        jobs = "1 job" if worker.running == 1 else f"{worker.running} jobs"
        reasons.append(Reason("draining", f"it has been asked to stop; {jobs} may still finish"))
    else:
        if not worker.started:
            reasons.append(Reason("starting", "it has not begun to poll"))
        for name, trouble in worker.troubles().items():
            reasons.append(Reason("polling", f"the queue of {name} cannot be polled: {brief(trouble)}"))
        unreachable = await endpoint.trouble()
        if unreachable is not None:
            reasons.append(Reason("endpoint", f"the AWS endpoint does not answer as it should: {unreachable}"))
    return _condition("ready", worker, reasons)


def _condition(word: str, worker: Worker, reasons: Sequence[Reason]) -> Condition:
    return Condition(
        not reasons,
        {
            "status": f"not {word}" if reasons else word,
            "reasons": [{"reason": one.reason, "detail": one.detail} for one in reasons],
            "running": worker.running,
            "types": worker.types,
        },
    )
