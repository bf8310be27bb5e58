"""Whose turn it is: everybody has a share, waits are bounded, and nobody idles for somebody else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.lambda_.turns import MAX_HANDED, Turns

#: Of two to five levels.
weights = st.lists(st.integers(1, 12), min_size=2, max_size=4)


def start(turns: Turns, levels: set[int]) -> int:
    """One start of the level whose turn it is."""
    level = turns.next(sorted(levels))
    turns.started(level)
    return level


def change(turns: Turns, old: set[int], new: set[int]) -> None:
    for level in old - new:
        turns.has_work(level, can_start=False)
    for level in new - old:
        turns.has_work(level, can_start=True)


def test_the_service_classes_share_by_their_weights() -> None:
    turns = Turns([10, 5, 2])
    change(turns, set(), {0, 1, 2})
    order = [start(turns, {0, 1, 2}) for _ in range(17)]
    assert order == [0, 1, 2, 0, 0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 0, 1, 0]
    assert [order.count(level) for level in range(3)] == [10, 5, 2]


@settings(deadline=None)
@given(weights, st.data())
def test_while_the_same_levels_have_work_each_has_its_share_of_any_w_starts(of: list[int], data: st.DataObject) -> None:
    turns = Turns(of)
    busy: set[int] = set()
    for _ in range(data.draw(st.integers(0, 6))):
        now = data.draw(st.sets(st.sampled_from(range(len(of))), min_size=1))
        change(turns, busy, now)
        busy = now
        for _ in range(data.draw(st.integers(0, 12))):
            start(turns, busy)
    now = data.draw(st.sets(st.sampled_from(range(len(of))), min_size=1))
    change(turns, busy, now)
    whole = sum(of[level] for level in now)
    order = [start(turns, now) for _ in range(2 * whole)]
    for first in range(whole):
        window = order[first : first + whole]
        assert all(abs(window.count(level) - of[level]) <= 1 for level in now)


@settings(deadline=None)
@given(weights, st.integers(0, 3), st.lists(st.integers(0, 15), min_size=1, max_size=80))
def test_a_level_with_work_waits_for_a_bounded_number_of_starts_whatever_comes_and_goes(
    of: list[int], watched: int, changes: list[int]
) -> None:
    """Each change says in its bits which levels have work."""
    turns = Turns(of)
    watched %= len(of)
    busy: set[int] = set()
    since: list[int] = []
    served = False
    for bits in changes:
        now = {level for level in range(len(of)) if bits >> level & 1} | {watched}
        change(turns, busy, now)
        busy = now
        level = start(turns, busy)
        if level == watched:
            since, served = [], True
            continue
        since.append(level)
        for other in range(len(of)):
            if served and other != watched:
                assert since.count(other) <= of[other] // of[watched] + 1


@settings(deadline=None)
@given(weights, st.data())
def test_what_a_level_did_not_use_is_not_owed_to_it(of: list[int], data: st.DataObject) -> None:
    """A level that was away for long comes back at the others' clock: they go on at once, and it has its share only."""
    turns = Turns(of)
    away = data.draw(st.integers(0, len(of) - 1))
    rest = set(range(len(of))) - {away}
    change(turns, set(), rest)
    for _ in range(data.draw(st.integers(0, 200))):
        start(turns, rest)
    change(turns, rest, rest | {away})
    order = [start(turns, rest | {away}) for _ in range(2 * sum(of))]
    assert order.count(away) <= 2 * of[away] + 1
    for other in rest:
        assert other in order


@settings(deadline=None)
@given(weights, st.lists(st.integers(0, 30), min_size=1, max_size=4), st.integers(0, MAX_HANDED))
def test_all_that_is_free_is_handed_out_if_it_is_wanted(of: list[int], wanted: list[int], free: int) -> None:
    turns = Turns(of)
    rooms = dict(zip(range(len(of)), wanted, strict=False))
    shares = {level: turns.share(level, rooms, free) for level in rooms}
    assert sum(shares.values()) == min(free, sum(rooms.values()))
    assert all(shares[level] <= rooms[level] for level in rooms)


@settings(deadline=None)
@given(weights, st.lists(st.integers(0, 4), max_size=30))
def test_what_was_not_started_was_never_noted(of: list[int], levels: list[int]) -> None:
    turns, same = Turns(of), Turns(of)
    busy = set(range(len(of)))
    for one in (turns, same):
        change(one, set(), busy)
    for level in levels:
        turns.started(level % len(of), 3)
        turns.not_started(level % len(of), 3)
        assert start(turns, busy) == start(same, busy)


def test_an_idle_deployment_owes_nothing_to_anybody() -> None:
    turns = Turns([10, 1])
    change(turns, set(), {0})
    for _ in range(1_000):
        start(turns, {0})
    change(turns, {0}, set())
    change(turns, set(), {0, 1})
    assert [start(turns, {0, 1}) for _ in range(11)].count(1) == 1


@pytest.mark.parametrize("free", [0, 1, 5, 17])
def test_slots_are_handed_out_as_they_would_be_started(free: int) -> None:
    turns = Turns([10, 5, 2])
    change(turns, set(), {0, 1, 2})
    shares = [turns.share(level, dict.fromkeys(range(3), 100), free) for level in range(3)]
    order = [start(turns, {0, 1, 2}) for _ in range(free)]
    assert shares == [order.count(level) for level in range(3)]
