"""How many run at once: who has a place, who gets the next one, and whose place is given back. Pure.

A place is taken before its job is claimed, for as long as the claim's own lease. Nothing renews it: a place whose
time is over is not free, but to be looked at. Whoever finds all places taken reads the jobs of those
(`throttle.py`) and says here what it saw: the attempt lives, and its place with it, or it is gone. So a job that
runs for hours pays nothing for its place, and one that was killed gives it back with its lease: one of those who wait
is told to come just then. The reaper, which ends the lost attempt, could give the place back no sooner, since it too
has to wait for the lease; and nobody would take it before that one comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from queues.throttle.line import called, earlier, kept, served, turned_away
from queues.throttle.rule import Concurrency
from queues.throttle.state import Answer, Ask, Full, Granted, Holder, State

#: Milliseconds for which a job is taken to hold its place before any has left one.
FIRST_HOLD = 1_000
#: Milliseconds between two that wait and come to look, at the least and at the most.
MIN_STEP, MAX_STEP = 10, 30_000


def step_of(rule: Concurrency, state: State, now: int) -> float:
    """Milliseconds between two looks: half the time in which a place gets free, so that none stays empty for long.

    That is what jobs held their places for, or, where it is more, what has passed since the last one got one.
    """
    hold = FIRST_HOLD if state.hold is None else state.hold
    still = now - max((holder.since for holder in state.holders.values()), default=now)
    return min(max(hold / rule.limit / 2, still / 2, MIN_STEP), MAX_STEP)


def take(rule: Concurrency, state: State, ask: Ask) -> tuple[State, Answer]:
    """Gives a job a place, or a time to come back. Asking again with the same tag is answered the same."""
    now, step = ask.now, step_of(rule, state, ask.now)
    mine = state.holders.get(ask.holder)
    if mine is not None:
        if mine.tag == ask.tag:
            return state, Granted(mine.since)
        # Another delivery of the same job was faster.
        return state, Full(max(mine.until, now + 1), overdue=(ask.holder,) if mine.until <= now else ())
    line = kept(state.line, state.asked, now, step)
    if rule.limit - len(state.holders) - earlier(line, ask.tenant, now, step) > 0:
        holders = {**state.holders, ask.holder: _holder(ask)}
        return replace(state, holders=holders, line=served(line, ask.tenant, now, step), asked=now), Granted(now)
    before = line
    line, full = turned_away(line, ask.tenant, now, now, step, ask.random)
    overdue = tuple(name for name, holder in state.holders.items() if holder.until <= now)
    if overdue:
        # It asks once more when they have been looked at.
        return state, replace(full, overdue=overdue)
    first_end = min((holder.until for holder in state.holders.values()), default=full.until)
    if first_end < full.until and state.watched != first_end:
        # One of those who wait comes when the first place's time is over: its worker may have been killed.
        line = called(before, line, ask.tenant, first_end)
        return replace(state, line=line, asked=now, watched=first_end), Full(first_end)
    return replace(state, line=line, asked=now), full


def seen(state: State, found: Mapping[str, tuple[str, int | None]]) -> State:
    """What was found of holders, by name: the tag that was looked for, and until when it lives; None: it is gone."""
    holders = dict(state.holders)
    for name, (tag, until) in found.items():
        holder = holders.get(name)
        # Somebody else may have seen to it meanwhile.
        if holder is None or holder.tag != tag:
            continue
        if until is None:
            del holders[name]
        else:
            holders[name] = holder._replace(until=max(until, holder.until))
    return replace(state, holders=holders)


def leave(state: State, name: str, tag: str, now: int, *, ran: bool) -> State:
    """Frees the place of that claim, if it has one. `ran`: the time for which it held it is worth remembering."""
    holder = state.holders.get(name)
    if holder is None or holder.tag != tag:
        return state
    holders = {other: held for other, held in state.holders.items() if other != name}
    hold = state.hold
    if ran:
        held = max(0, now - holder.since)
        hold = held if hold is None else round(0.8 * hold + 0.2 * held)
    return replace(state, holders=holders, hold=hold)


def _holder(ask: Ask) -> Holder:
    return Holder(ask.now, ask.until, ask.tag)
