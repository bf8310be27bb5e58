"""Backoff curves, exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.errors import InvalidOption
from queues.retry import Backoff, Exponential, Fixed, Linear


@pytest.mark.parametrize(
    ("curve", "waits"),
    [
        (Fixed(3, jitter=0), [3, 3, 3, 3]),
        (Linear(2, jitter=0), [2, 4, 6, 8]),
        (Exponential(2, jitter=0), [2, 4, 8, 16]),
        (Exponential(5, 5, jitter=0), [5, 25, 125, 625]),
        (Exponential(10, 10, cap=500, jitter=0), [10, 100, 500, 500]),
    ],
)
def test_the_published_curves(curve: Backoff, waits: list[float]) -> None:
    assert [curve.wait(n, 0.99) for n in (1, 2, 3, 4)] == waits


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True), st.floats(0, 1))
def test_jitter_only_shortens_and_a_huge_attempt_meets_the_cap(attempts: int, random: float, jitter: float) -> None:
    wait = Exponential(1, 3, cap=100, jitter=jitter).wait(attempts, random)
    assert 0 <= wait <= 100


@given(st.sampled_from([Fixed(1.5), Linear(2, cap=9), Exponential(0.5, 7, cap=60, jitter=0.3)]))
def test_a_curve_survives_json(curve: Backoff) -> None:
    assert Backoff.from_json(curve.to_json()) == curve


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Fixed(-1), "backoff.delay"),
        (lambda: Exponential(1, 0.5), "backoff.factor"),
        (lambda: Linear(1, jitter=2), "backoff.jitter"),
        (lambda: Linear(1, cap=-1), "backoff.cap"),
        (lambda: Backoff("cubic", 1), "backoff.type"),  # type: ignore[arg-type]
    ],
)
def test_what_is_out_of_range_is_named(make: object, named: str) -> None:
    with pytest.raises(InvalidOption, match=named):
        make()  # type: ignore[operator]
