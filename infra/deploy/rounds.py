"""The rounds of a deployment: functions that a schedule calls, each with its role, alarms and limits. Pure.

What is said here of a round is all that functions, schedules, alarms, packaging, prices and the doctor know of it; what
it may do is in roles.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.deploy.names import CLEANER, DEAD_LETTERS, FIXED, REAPER
from queues.limits import MAX_FUNCTION_SECONDS

#: Megabytes of these functions.
MEMORY = 512
#: How often a schedule calls a function, by its expression: calls an hour. A minute is the shortest time that a
#: schedule knows. (EventBridge Scheduler, rate expressions)
CALLS_AN_HOUR = {"rate(1 minute)": 60, "rate(1 hour)": 1}


@dataclass(frozen=True, slots=True)
class Round:
    """One of them."""

    #: Of the function in serverless.yml.
    key: str
    #: In queues/maintenance.py.
    entry_point: str
    description: str
    #: What happens if it is not made, for whoever an alarm wakes.
    otherwise: str
    #: The schedule's expression.
    every: str = "rate(1 minute)"
    #: Seconds that the function may run. The next call finds it ended.
    timeout: int = 60
    #: Seconds of a period that its alarms look at; in each there is a call at least.
    period: int = 300

    @property
    def name(self) -> str:
        """The function's name after the prefix."""
        return FIXED[self.key]


ROUNDS = (
    Round(
        REAPER,
        "reap",
        "Ends attempts that went silent, and sends lost messages again",
        "what a crash left behind stays as it is",
    ),
    Round(
        DEAD_LETTERS,
        "sweep_dead_letters",
        "Keeps dead-letter queues in line with the jobs",
        "what a crash left behind stays as it is",
    ),
    # As often as workers do it (JOBYARD_CLEAN_EVERY): in a day 24 times as many jobs would pile up beyond their number.
    Round(
        CLEANER,
        "clean",
        "Removes ended jobs beyond the number that their type keeps",
        "jobs beyond the number that their type keeps stay",
        every="rate(1 hour)",
        timeout=MAX_FUNCTION_SECONDS,
        period=3_600,
    ),
)
