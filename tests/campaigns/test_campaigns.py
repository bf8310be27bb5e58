"""The short forms of the two campaigns; `make crash` and `make sim` run the long ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.crash import campaign
from tests.campaigns.crash_report import report
from tests.campaigns.simulation.storm import run_seed

#: Seeds of the short form: up to a second each.
SEEDS = 16


@pytest.fixture
def quiet() -> Iterator[None]:
    """Without the log lines of thousands of injected faults."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("first", range(0, SEEDS, 8))
def test_the_guarantees_hold_under_injected_faults(first: int) -> None:
    for seed in range(first, first + 8):
        world = run_seed(seed)
        assert world.seen


@pytest.mark.usefixtures("quiet")
def test_a_seed_replays_exactly() -> None:
    assert run_seed(7).trace == run_seed(7).trace


@pytest.mark.slow
def test_the_server_may_be_killed_at_any_moment(tmp_path: Path) -> None:
    verdict = asyncio.run(campaign(jobs=200, kills=3, seconds=240, seed=20_261_122, home=tmp_path))
    assert verdict.violations == [], report(verdict)
    assert len(verdict.callers.accepted) >= 200
    assert len(verdict.server.kills) == 3
