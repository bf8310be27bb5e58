"""Who was turned away, and when they come back: one after the other, the tenants in turn. Pure.

Theory. A message that waits for a turn costs two requests each time it comes to look. So those that wait are
spread: each is told to come one step after the last, a step being the time in which the limit lets about one job
start. Together they come no more often than jobs start, however many they are, and a place that gets free is taken
within about a step.

Nobody waits longer than FAR at a time. Whatever the row believes (jobs that were cancelled leave their places in
the line behind, durations change), that is when a job asks again at the latest.

Where tenants share a limit, each has one place in the line. Who was turned away first goes first: what is free is
left to the earlier places whose jobs are about to come, and a tenant that has had its turn goes to the back. A
place whose job does not turn up counts for nothing after GRACE. So a tenant with 100,000 jobs gets one start
between two of another's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from queues.limits import MAX_DELAY_SECONDS
from queues.throttle.state import Full, Place

Line = Mapping[str, Place]

#: Milliseconds for which a message is kept away at the most: the longest that one can be delayed.
FAR = MAX_DELAY_SECONDS * 1000
#: Milliseconds for which something is left free for a job that was told to come, before that and after.
RESERVE = 2_000
GRACE = 3_000
#: Milliseconds that a turn is put off by at the most, so that hosts do not come in step.
JITTER = 1_000
#: Tenants that the line has room for; each takes some 50 bytes.
MAX_TENANTS = 20


def kept(line: Line, asked: int, now: int, step: float) -> Line:
    """The line without those who have all come by now, or who do not: all of it, if nobody asked for long."""
    if now - asked > 3 * step * len(line) + GRACE:
        return {}
    return {tenant: place for tenant, place in line.items() if place.tail + GRACE > now}


def earlier(line: Line, tenant: str, now: int, step: float) -> int:
    """How many other tenants go before this one."""
    mine = line[tenant].since if tenant in line else math.inf
    soon = now + max(RESERVE, round(2 * step))
    return sum(
        place.since < mine and now < place.comes + GRACE and place.comes <= soon
        for other, place in line.items()
        if other != tenant
    )


def served(line: Line, tenant: str, now: int, step: float) -> Line:
    """The line after one of the tenant's jobs had its turn: the tenant goes to its end, or leaves it."""
    place = line.get(tenant)
    if place is None:
        return line
    rest = {other: place for other, place in line.items() if other != tenant}
    if place.tail <= now:
        return rest
    return rest | {tenant: Place(now, min(place.tail, now + round(step * len(line))), place.tail)}


def turned_away(line: Line, tenant: str, now: int, free_at: int, step: float, random: float) -> tuple[Line, Full]:
    """The line with one more job of the tenant's, and when that is to come again: not before `free_at`."""
    place = line.get(tenant)
    if place is None and len(line) >= MAX_TENANTS:
        return line, Full(_within(max(free_at, now + round(step * MAX_TENANTS * (0.5 + random))), now))
    tenants = len(line) + (place is None)
    tail = max(place.tail, now) if place is not None else now
    turn = max(free_at, tail + math.ceil(step * tenants))
    if turn > now + FAR:
        full = Full(now + round(FAR * (0.5 + 0.5 * random)), far=True)
    else:
        full = Full(_within(turn + round(min(step, JITTER) * random), now))
    until = full.until
    since = place.since if place is not None else now
    comes = min(place.comes, until) if place is not None and place.comes >= now else until
    return {**line, tenant: Place(since, comes, max(tail, min(turn, until)))}, full


def called(before: Line, after: Line, tenant: str, at: int) -> Line:
    """The line in which the tenant's job that was turned away between `before` and `after` comes at `at`, sooner."""
    place = after.get(tenant)
    if place is None:
        return after
    tail = before[tenant].tail if tenant in before else at
    return {**after, tenant: Place(place.since, min(place.comes, at), max(tail, at))}


def _within(until: int, now: int) -> int:
    return min(max(until, now + 1), now + FAR)
