"""The short form of the scale campaign, which `make scale` runs at length, and what it would object to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.campaigns.scale.__main__ import campaign
from tests.campaigns.scale.batch import Batch
from tests.campaigns.scale.fairness import WAYS, Fairness
from tests.campaigns.scale.report import Verdict, report

JOBS, SINGLES, MEMBERS = 1_500, 2, 300


@pytest.mark.slow
def test_a_backlog_delays_nobody_for_long_and_a_batch_is_counted_exactly(tmp_path: Path) -> None:
    verdict = asyncio.run(campaign(jobs=JOBS, singles=SINGLES, members=MEMBERS, seed=20_261_122, home=tmp_path))
    assert verdict.violations == [], report(verdict)
    assert [len(one.between) for one in verdict.fair] == [SINGLES] * len(WAYS)
    # There was a backlog left when the last single job came.
    assert all(one.last_at < JOBS for one in verdict.fair)
    whole, killed = verdict.batches
    assert (whole.callbacks, whole.lost) == (1, 0)
    assert (killed.callbacks, 0 < killed.killed_at < MEMBERS) == (1, True)


def test_a_single_job_that_waited_for_long_is_objected_to() -> None:
    way = WAYS[0]
    found = Fairness(way, 1_000, [0, way.few, way.few + 1], [0.1] * 3, enqueue_seconds=1)
    batch = Batch(10, killed=False, looks=[(9, 1, 100.0)], start_seconds=1, work_seconds=1, callbacks=1)
    verdict = Verdict([found], [batch], 1)
    (violation,) = verdict.violations
    assert violation.endswith("before single job 2, 200 are a few batches")
    assert "FAILED: 1 violations" in report(verdict)
    batch.require(False, "its callback ran twice")
    assert len(verdict.violations) == 2
