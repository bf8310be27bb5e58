"""What a scale campaign came to, as two tables and a sentence."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.campaigns.scale.batch import Batch
from tests.campaigns.scale.fairness import Fairness

FAIR = "{:<18} {:>9} {:>11} {:>11} {:>8} {:>6} {:>6} {:>6} {:>9} {:>9}"
BATCH = "{:<20} {:>8} {:>10} {:>7} {:>6} {:>6} {:>9} {:>6} {:>9} {:>9} {:>8}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A campaign that was brought to its end."""

    fair: Sequence[Fairness]
    batches: Sequence[Batch]
    seconds: float

    @property
    def violations(self) -> list[str]:
        """What should not have been."""
        unfair = [text for one in self.fair for text in one.violations]
        return [*unfair, *(text for one in self.batches for text in one.violations)]


def report(verdict: Verdict) -> str:
    """The tables, and the verdict."""
    lines = [
        "Jobs of a tenant's backlog that were started after another tenant's single job was enqueued, and before it:",
        "",
        *_fair(verdict.fair),
        "",
        "backlog: enqueued before the worker was started; from, to: its jobs that had started when the first and the",
        "last single job came; allowed: a few batches.",
        "",
        "A batch under the policy `continue`, and its callback:",
        "",
        *_batches(verdict.batches),
        "",
        "looks: at its counts and its progress while it ran, which never went back; runs: of members, by a journal;",
        "lost: attempts that the kill ended; ends: runs of its callback.",
        "",
        f"{verdict.seconds:.0f} s",
        "",
    ]
    if verdict.violations:
        return "\n".join([*lines, f"FAILED: {len(verdict.violations)} violations", *verdict.violations[:20]])
    return "\n".join(
        [*lines, "PASSED: no single job waited for more than a few batches; counts are exact, each callback ran once"]
    )


def _fair(found: Sequence[Fairness]) -> list[str]:
    head = FAIR.format(
        *("kept fair by", "backlog", "enqueued/s", "single jobs", "from", "to", "mean", "most", "allowed", "s, most")
    )
    return [
        head,
        "-" * len(head),
        *(
            FAIR.format(
                one.way.name,
                one.backlog,
                f"{one.backlog / one.enqueue_seconds:.0f}",
                len(one.between),
                one.first_at,
                one.last_at,
                f"{statistics.fmean(one.between):.0f}",
                max(one.between),
                one.way.few,
                f"{max(one.delays):.2f}",
            )
            for one in found
        ),
    ]


def _batches(found: Sequence[Batch]) -> list[str]:
    head = BATCH.format(
        *("", "members", "completed", "failed", "looks", "runs", "lost", "ends", "start, s", "work, s", "jobs/s")
    )
    return [
        head,
        "-" * len(head),
        *(
            BATCH.format(
                f"kill -9 at {one.killed_at}" if one.killed else "left alone",
                one.members,
                *one.looks[-1][:2],
                len(one.looks),
                one.runs,
                one.lost,
                one.callbacks,
                f"{one.start_seconds:.1f}",
                f"{one.work_seconds:.1f}",
                f"{one.members / (one.start_seconds + one.work_seconds):.0f}",
            )
            for one in found
        ),
    ]
