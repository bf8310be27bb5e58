"""A deterministic simulation: the real runner on the real embedded engine, in virtual time, with seeded faults.

    python -m tests.campaigns.simulation --seeds 3000          # the campaign
    python -m tests.campaigns.simulation --seed 1234 --verbose # replays one seed exactly

Each seed makes a small deployment of two workers, whose AWS calls, and those of whoever calls on it, are throttled,
answered late or not at all, delivered twice, or are the last thing that their process does. Dead processes are started
again. When the storm is over and everything has come to rest, the guarantees G1 to G6 are checked on rows, queues and
on what the handlers saw, and what each subject of the simulation promises besides: cancels, unique jobs, schedules,
limits, flows.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.campaigns.simulation.storm import run_seed
from tests.campaigns.simulation.world import Violation


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one seed."""

    seed: int
    violation: str | None
    jobs: int
    starts: int
    trace: list[str]


def judge(seed: int) -> Verdict:
    """Runs one seed and says what came of it."""
    logging.disable(logging.CRITICAL)
    try:
        world = run_seed(seed)
    except Violation as violation:
        return Verdict(seed, str(violation), 0, 0, list(violation.trace))
    return Verdict(seed, None, len(world.seen), world.restarts, world.trace)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many seeds to run (default 2000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run only this seed")
    parser.add_argument("--verbose", action="store_true", help="print what happened, in order")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="processes to share the seeds (default: cores)"
    )
    options = parser.parse_args()
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.seeds)
    began, jobs, starts, failures = time.monotonic(), 0, 0, 0
    with ProcessPoolExecutor(options.processes) as pool:
        for done, verdict in enumerate(pool.map(judge, seeds, chunksize=4), 1):
            jobs, starts = jobs + verdict.jobs, starts + verdict.starts
            if verdict.violation:
                failures += 1
                print(f"seed {verdict.seed}: {verdict.violation}", flush=True)
            if options.verbose:
                print("\n".join(verdict.trace))
            if sys.stderr.isatty():
                print(f"\r{done} of {len(seeds)} seeds", end="", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    print(f"{len(seeds)} seeds, {jobs} jobs, {starts} process starts in {seconds:.0f} s: {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
