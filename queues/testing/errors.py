"""What the test harness itself can complain of."""

from __future__ import annotations

from queues.errors import JobyardError


class TimeStandsStill(JobyardError):
    """Something waits for time to pass, and nobody moves the clock."""


class NeverEnds(JobyardError):
    """A drain has run more jobs than it may, and more are due."""
