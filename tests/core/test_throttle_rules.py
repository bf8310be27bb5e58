"""Limits by themselves: what they refuse, who gets a place and when the others come back, and the bound of a rate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from queues import Concurrency, Context, Rate, job
from queues.errors import InvalidOption
from queues.job import Job, Status
from queues.retry import Fixed
from queues.throttle import line, slots, window
from queues.throttle.rule import Limit, describe
from queues.throttle.scope import KeyFault, scopes_of
from queues.throttle.state import Answer, Ask, Full, Granted, State

START = 1_790_000_000_000
LEASE = 30_000


def ask(name: str, now: int, *, tenant: str = "acme", tag: str | None = None, random: float = 0.0) -> Ask:
    return Ask(f"{tenant}#{name}", tag or name, tenant, START + now, START + now + LEASE, random)


# --- the options --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Concurrency(0), "concurrency.limit"),
        (lambda: Concurrency(True), "concurrency.limit"),
        (lambda: Concurrency(1_001), "concurrency.limit"),
        (lambda: Rate(0, 1), "rate.limit"),
        (lambda: Rate(1, 0.05), "period"),
        (lambda: Rate(1, timedelta(days=32)), "period"),
        (lambda: Concurrency(1, "host"), "per"),  # type: ignore[arg-type]
        (lambda: Concurrency(1, "key"), "per"),
        (lambda: Concurrency(1, "tenant", key="a"), "key"),
        (lambda: Concurrency(1, key=""), "key"),
        (lambda: job("j", limits=[3]), "limits"),  # type: ignore[list-item]
        (lambda: job("j", limits=[Concurrency(1), Concurrency(2)]), "limits"),
        (lambda: job("j", limits=[Concurrency(1, "tenant")], tenant_concurrency=3), "limits"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(make: Any, named: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        make()
    assert refused.value.name == named


class Invoice(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    customer: int = Field(alias="customerId")
    note: dict[str, Any] = {}


def invoicing(*limits: Limit, **options: Any) -> Any:
    @job("invoice", limits=limits, **options)
    async def invoice(data: Invoice, ctx: Context) -> None: ...

    return invoice


def test_a_key_must_be_a_field_of_the_data() -> None:
    with pytest.raises(InvalidOption, match="the data has customer, customerId, note"):
        invoicing(Concurrency(1, key="customer_id"))


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Concurrency(5), "5 at once"),
        (Concurrency(5, "tenant"), "5 at once per tenant"),
        (Rate(100, 60), "100 in 60 s"),
        (Rate(1, timedelta(milliseconds=500), key="customerId"), "1 in 0.5 s per customerId"),
    ],
)
def test_a_limit_in_words(limit: Limit, words: str) -> None:
    assert describe(limit) == words


def a_job(data_json: str, tenant: str = "acme", version: int = 1) -> Job:
    return Job(
        id="1",
        tenant=tenant,
        type="invoice",
        status=Status.WAITING,
        max_attempts=1,
        data_json=data_json,
        data_version=version,
        timeout=1.0,
        backoff=Fixed(1),
        created_at=START,
        run_at=START,
    )


def one_scope(limit: Limit, data_json: str = '{"customerId": 7}', tenant: str = "acme") -> Any:
    (scope,) = scopes_of(invoicing(limit), a_job(data_json, tenant))
    return scope


def first(data: Invoice) -> Any:
    return data.note["first"]


def test_what_counts_together() -> None:
    kind = Concurrency(1)
    assert one_scope(kind).pk == one_scope(kind, tenant="other").pk == "limit#invoice#concurrency"
    assert one_scope(Rate(3, 60, "tenant")).pk == "limit#invoice#rate-60000#acme"
    by_name, by_alias = (one_scope(Concurrency(1, key=key)) for key in ("customer", "customerId"))
    assert (by_name.label, by_alias.label) == ("7", "7")
    keyed = Concurrency(1, key="customerId")
    assert one_scope(keyed).pk != one_scope(keyed, '{"customerId": 8}').pk
    assert one_scope(keyed).pk != one_scope(keyed, tenant="other").pk
    # The value is nowhere in clear; what lacks the field is limited together.
    assert len(one_scope(keyed).pk.rpartition("#")[2]) == 32
    deep = Concurrency(1, key="note.first")
    assert one_scope(deep).pk == one_scope(deep, '{"customerId": 8}').pk
    function = one_scope(Concurrency(1, key=first), '{"customerId": 7, "note": {"first": "x"}}')
    assert (function.label, function.pk.split("#")[2]) == ("x", f"concurrency-{__name__}.first")


@pytest.mark.parametrize("note", ["{}", '{"first": [1]}'])
def test_a_key_function_that_fails_says_why(note: str) -> None:
    limit = Concurrency(1, key=first if note == "{}" else lambda data: {data.customer})
    with pytest.raises(KeyFault, match=r"KeyError: 'first'|JSON value"):
        one_scope(limit, f'{{"customerId": 7, "note": {note}}}')


# --- places -------------------------------------------------------------------------------------------------


def test_places_are_given_taken_back_and_given_again() -> None:
    rule, state = Concurrency(2), State()
    for name in ("a", "b"):
        state, answer = slots.take(rule, state, ask(name, 0))
        assert answer == Granted(START)
    assert slots.take(rule, state, ask("a", 5)) == (state, Granted(START)), "its answer may have been lost"
    after, full = slots.take(rule, state, ask("c", 5))
    assert isinstance(full, Full)
    assert after.holders == state.holders
    assert slots.leave(after, "acme#a", "another claim's", START + 9, ran=True) == after
    after = slots.leave(after, "acme#a", "a", START + 1_005, ran=True)
    assert (set(after.holders), after.hold) == ({"acme#b"}, 1_005)
    after, answer = slots.take(rule, after, ask("c", 1_100))
    assert isinstance(answer, Granted)
    assert State.from_json(after.to_json()) == after


def test_another_delivery_of_a_job_that_has_a_place_gets_none() -> None:
    state, _ = slots.take(Concurrency(5), State(), ask("a", 0, tag="one"))
    after, answer = slots.take(Concurrency(5), state, ask("a", 10, tag="two"))
    assert (after, answer) == (state, Full(START + LEASE))


def test_a_place_whose_time_is_over_is_looked_at_and_not_free() -> None:
    rule = Concurrency(1)
    state, _ = slots.take(rule, State(), ask("a", 0))
    after, answer = slots.take(rule, state, ask("b", LEASE))
    assert isinstance(answer, Full)
    assert (answer.overdue, after) == (("acme#a",), state)
    lives = slots.seen(state, {"acme#a": ("a", START + 50_000)})
    _, answer = slots.take(rule, lives, ask("b", LEASE))
    assert isinstance(answer, Full)
    assert answer.overdue == ()
    assert slots.seen(state, {"acme#a": ("of an older claim", None)}) == state
    _, answer = slots.take(rule, slots.seen(state, {"acme#a": ("a", None)}), ask("b", LEASE))
    assert isinstance(answer, Granted)


def test_fewer_places_than_are_taken() -> None:
    state = State()
    for name in "abc":
        state, _ = slots.take(Concurrency(3), state, ask(name, 0))
    for name in "ab":
        state = slots.leave(state, f"acme#{name}", name, START + 1, ran=True)
        _, answer = slots.take(Concurrency(1), state, ask("d", 2))
        assert isinstance(answer, Full)
    state = slots.leave(state, "acme#c", "c", START + 1, ran=True)
    assert isinstance(slots.take(Concurrency(1), state, ask("d", 20_000))[1], Granted)


# --- those that wait ----------------------------------------------------------------------------------------


def test_thousands_that_wait_come_one_after_the_other() -> None:
    """A limit of one, jobs of ten seconds: each of 5,000 messages is told when, one every five seconds."""
    rule = Concurrency(1)
    state, _ = slots.take(rule, State(hold=10_000), ask("runs", 0))
    told = []
    for n in range(5_000):
        state, answer = slots.take(rule, state, ask(f"w{n}", 0, random=n * 0.618 % 1))
        assert isinstance(answer, Full)
        told.append((answer.until - START, answer.far))
    near = sorted(until for until, far in told if not far)
    assert len(near) == line.FAR // 5_000
    assert all(1 <= until <= line.FAR for until, _ in told)
    gaps = [b - a for a, b in pairwise(near)]
    assert max(gaps) <= 10_000, "a place that gets free is seen within two steps"
    # The rest is spread over the second half of a quarter of an hour, as messages that are not in flight.
    assert all(until >= line.FAR / 2 for until, far in told if far)
    assert len(state.to_json()) < 300


def test_a_line_whose_jobs_do_not_come_is_forgotten() -> None:
    rule = Concurrency(1)
    state, _ = slots.take(rule, State(hold=1_000), ask("runs", 0))
    for n in range(5_000):
        state, _ = slots.take(rule, state, ask(f"cancelled{n}", 0))
    state = slots.seen(state, {"acme#runs": ("runs", START + 200_000)})
    _, answer = slots.take(rule, state, ask("next", 100_000))
    assert isinstance(answer, Full)
    assert answer.until - START <= 100_000 + slots.MAX_STEP


def test_who_is_turned_away_from_a_rate_comes_when_it_lets_him() -> None:
    rule, state = Rate(2, 10), State()
    for name in "ab":
        state, answer = window.take(rule, state, ask(name, 0))
        assert isinstance(answer, Granted)
    told = []
    for name in "cdef":
        state, answer = window.take(rule, state, ask(name, 100))
        assert isinstance(answer, Full)
        told.append(answer.until - START)
    # Ten seconds after the first two, and then as often as the rate lets jobs start.
    assert told == pytest.approx([10_199, 15_199, 20_199, 25_199], abs=1)


def test_a_tenant_with_a_backlog_leaves_the_next_place_to_another() -> None:
    rule = Concurrency(1)
    state, _ = slots.take(rule, State(hold=1_000), ask("a0", 0))
    for n in range(1, 1_000):
        state, _ = slots.take(rule, state, ask(f"a{n}", n % 10))
    state, told = slots.take(rule, state, ask("b", 20, tenant="other"))
    assert isinstance(told, Full)
    # acme has waited for longer: the next place is its own, the one after that is the other's.
    state = slots.leave(state, "acme#a0", "a0", START + 500, ran=True)
    state, answer = slots.take(rule, state, ask("a1", 510))
    assert isinstance(answer, Granted)
    state = slots.leave(state, "acme#a1", "a1", START + 600, ran=True)
    for n in range(50):
        state, answer = slots.take(rule, state, ask(f"a{n + 2}", 610 + n))
        assert isinstance(answer, Full)
    state, answer = slots.take(rule, state, ask("b", max(700, told.until - START), tenant="other"))
    assert isinstance(answer, Granted)


def test_what_is_left_for_one_who_does_not_come_is_given_away() -> None:
    rule = Concurrency(1)
    state, _ = slots.take(rule, State(hold=1_000), ask("a0", 0))
    state, told = slots.take(rule, state, ask("b", 20, tenant="gone"))
    assert isinstance(told, Full)
    state = slots.leave(state, "acme#a0", "a0", START + 500, ran=True)
    state, answer = slots.take(rule, state, ask("a1", 600))
    assert isinstance(answer, Full)
    _, answer = slots.take(rule, state, ask("a1", told.until - START + line.GRACE))
    assert isinstance(answer, Granted)


def test_more_tenants_than_the_line_has_room_for() -> None:
    rule = Concurrency(1)
    state, _ = slots.take(rule, State(), ask("a", 0))
    for n in range(3 * line.MAX_TENANTS):
        state, answer = slots.take(rule, state, ask("b", 1, tenant=f"t{n}", random=0.5))
        assert isinstance(answer, Full)
        assert START < answer.until <= START + 2 * line.MAX_TENANTS * 1_000
    assert len(state.line) == line.MAX_TENANTS


# --- the bound of a rate ------------------------------------------------------------------------------------


def most_in_a_window(starts: Sequence[int], period: int) -> int:
    starts = sorted(starts)
    return max((sum(start <= other < start + period for other in starts) for start in starts), default=0)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 7),
    st.sampled_from([100, 333, 1_000, 60_000]),
    st.lists(st.tuples(st.floats(0, 0.6), st.sampled_from(["a", "b", "c"]), st.booleans(), st.floats(0, 0.99))),
)
def test_no_window_has_more_starts_than_the_limit(limit: int, period: int, asks: Any) -> None:
    """Whoever asks whenever, with starts that are given back, and a clock that is behind."""
    rule, state, now = Rate(limit, period / 1000), State(), 0
    starts: list[int] = []
    for n, (pause, tenant, back, random) in enumerate(asks):
        now += round(pause * period)
        behind = round(0.3 * period) if tenant == "c" else 0
        state, answer = window.take(rule, state, ask(f"j{n}", now - behind, tenant=tenant, random=random))
        if isinstance(answer, Granted) and back:
            state = window.give_back(rule, state, answer.at)
        elif isinstance(answer, Granted):
            starts.append(answer.at)
        else:
            assert answer.until > START + now - behind
        assert State.from_json(state.to_json()) == state
        assert len(state.starts) <= window.BUCKETS + 2
    assert most_in_a_window(starts, period) <= limit


def test_a_rate_that_is_always_used_up_lets_through_what_it_says() -> None:
    rule, state = Rate(10, 1), State()
    starts = 0
    for now in range(0, 60_000, 5):
        state, answer = window.take(rule, state, ask(f"j{now}", now))
        starts += isinstance(answer, Granted)
    assert 0.97 * 600 <= starts <= 610


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 9), st.sampled_from("tlk"), st.integers(0, 9_000))))
def test_no_more_hold_places_than_there_are(limit: int, moves: Any) -> None:
    """Jobs ask, end, and die; what has died is found so when its time is over."""
    rule, state, now = Concurrency(limit), State(), 0
    alive: set[str] = set()
    for number, move, pause in moves:
        now += pause
        name = f"acme#{number}"
        if move == "t" and name not in alive:
            answer: Answer
            state, answer = slots.take(rule, state, ask(str(number), now, tag=f"{number}@{now}"))
            if isinstance(answer, Full) and answer.overdue:
                found = {
                    one: (state.holders[one].tag, START + now + LEASE if one in alive else None)
                    for one in answer.overdue
                }
                state, answer = slots.take(rule, slots.seen(state, found), ask(str(number), now, tag=f"{number}@{now}"))
            if isinstance(answer, Granted):
                alive.add(name)
        elif move == "l" and name in alive:
            state = slots.leave(state, name, state.holders[name].tag, START + now, ran=True)
            alive.discard(name)
        elif move == "k":
            alive.discard(name)
        assert len(alive) <= len(state.holders) <= limit
