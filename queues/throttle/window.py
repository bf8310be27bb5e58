"""How many start in a time: never more than the limit in any window of the period. Pure.

Starts are counted in buckets of a fiftieth of the period. A bucket counts until its last moment is out of the
window, so the bound is exact for every window, wherever it begins, and what a start took comes back up to a bucket
late: a limit that is always used up lets through at least 98 % of what it says.

The row's own time does not go back: a host whose clock is behind counts its starts under the row's last moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from queues.throttle.line import earlier, kept, served, turned_away
from queues.throttle.rule import Rate
from queues.throttle.state import Answer, Ask, Granted, State

#: Buckets of a period: the row holds so many numbers at the most.
BUCKETS = 50


def bucket_ms(rule: Rate) -> int:
    """Milliseconds of a bucket."""
    return max(1, rule.period_ms // BUCKETS)


def step_of(rule: Rate) -> float:
    """Milliseconds between two starts of a limit that is always used up."""
    return rule.period_ms / rule.limit


def counted(rule: Rate, state: State, now: int) -> Mapping[int, int]:
    """The buckets that are not out of the window yet, oldest first."""
    return {bucket: count for bucket, count in sorted(state.starts.items()) if _gone_at(rule, bucket) > now}


def free_at(rule: Rate, starts: Mapping[int, int], now: int) -> int:
    """Epoch ms at which one more may start, as far as these starts go."""
    over = sum(starts.values()) - rule.limit
    for bucket, count in starts.items():
        if over < 0:
            break
        over -= count
        now = _gone_at(rule, bucket)
    return now


def take(rule: Rate, state: State, ask: Ask) -> tuple[State, Answer]:
    """Counts a start, or gives a time to come back."""
    now, step = max(ask.now, state.asked), step_of(rule)
    starts = counted(rule, state, now)
    line = kept(state.line, state.asked, now, step)
    if rule.limit - sum(starts.values()) - earlier(line, ask.tenant, now, step) > 0:
        bucket = now // bucket_ms(rule)
        starts = {**starts, bucket: starts.get(bucket, 0) + 1}
        return replace(state, starts=starts, line=served(line, ask.tenant, now, step), asked=now), Granted(now)
    line, full = turned_away(line, ask.tenant, now, free_at(rule, starts, now), step, ask.random)
    return replace(state, starts=starts, line=line, asked=now), full


def give_back(rule: Rate, state: State, at: int) -> State:
    """Takes back a start that was counted at `at` and did not happen."""
    bucket = at // bucket_ms(rule)
    count = state.starts.get(bucket, 0)
    if count == 0:
        return state
    rest = {other: count for other, count in state.starts.items() if other != bucket}
    return replace(state, starts=rest if count == 1 else dict(sorted({**rest, bucket: count - 1}.items())))


def _gone_at(rule: Rate, bucket: int) -> int:
    return (bucket + 1) * bucket_ms(rule) - 1 + rule.period_ms
