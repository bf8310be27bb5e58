"""The Lambda entry points of the rounds, each called by a schedule: two mend what a crash left behind, once a minute;
the third removes ended jobs, once an hour.

`jobyard up` and `jobyard work` make the same rounds by themselves, the first two every few seconds. A minute is the
least that a schedule can do, so on AWS a job whose function died without a word goes on a minute later.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from queues.clock import OutOfTime
from queues.cold_start import prepare
from queues.lambda_environment import environment
from queues.reaper import Reaped
from queues.runtime import Runtime

#: Milliseconds of an invocation that are left for the page of rows or the letters under way when a round is told to
#: stop: a hundred rows at the most, each with a few calls of some ten milliseconds.
RESERVE = 15_000


def reap(event: Any, context: Any) -> dict[str, int]:
    """The reaper's function: rounds until nothing is left or the time is over. Answers what they did, as counts.

    It also has event source mappings follow pauses, makes the jobs of schedules whose queues are paused, does what is
    owed to flows, and goes on with operations on many jobs: `steps` of them. Once a day it removes artifacts of jobs
    that are gone.
    """

    async def rounds(runtime: Runtime) -> dict[str, int]:
        out_of_time = _deadline(context)
        reaped = await reap_until(runtime, out_of_time)
        mapped = await runtime.pauses.round(out_of_time)
        return asdict(reaped) | {
            "mapped": mapped,
            "flows": await runtime.flowing.round(out_of_time),
            "steps": await runtime.bulk_work.round(out_of_time),
            "artifacts": await runtime.artifact_sweep.round(out_of_time),
        }

    counts: dict[str, int] = environment.run(rounds)
    return counts


def sweep_dead_letters(event: Any, context: Any) -> dict[str, int]:
    """The dead-letter consumer's function: one round. Answers how many letters it replaced or deleted."""

    async def one(runtime: Runtime) -> dict[str, int]:
        return {"changed": await runtime.dead_letters.round(_deadline(context))}

    counts: dict[str, int] = environment.run(one)
    return counts


def clean(event: Any, context: Any) -> dict[str, Any]:
    """The cleaner's function: one round, or as much of it as there is time for. Answers what it removed, as counts."""
    from queues.cleaning.cleaner import cleaner_of
    from queues.cleaning.run import Cleaned

    async def one(runtime: Runtime) -> dict[str, Any]:
        return (await cleaner_of(runtime).round(_deadline(context)) or Cleaned()).to_json()

    counts: dict[str, Any] = environment.run(one)
    return counts


async def reap_until(runtime: Runtime, out_of_time: OutOfTime) -> Reaped:
    """Rounds of the reaper until one has looked at all that is overdue, or the time is over."""
    total = await runtime.reaper.round(out_of_time)
    while runtime.reaper.behind and not out_of_time():
        total += await runtime.reaper.round(out_of_time)
    return total


def _deadline(context: Any) -> OutOfTime:
    return lambda: context.get_remaining_time_in_millis() < RESERVE


prepare()
