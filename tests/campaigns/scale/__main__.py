"""The scale campaign: a tenant's 100,000 jobs before another's single ones, and a batch of 10,000 with a callback.

    python -m tests.campaigns.scale                                        # 100,000 jobs, 10,000 members
    python -m tests.campaigns.scale --jobs 1500 --singles 2 --members 300  # the short form, part of `make test`

It judges counts alone: how many of the backlog's jobs were started before a single one (`fairness.py`), and what a
batch has counted, over a `kill -9` of its server too (`batch.py`). Seconds are printed, and mean little on a busy
machine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from infra import loop
from tests.campaigns.scale.batch import batches
from tests.campaigns.scale.fairness import WAYS, fairness
from tests.campaigns.scale.report import Verdict, report


async def campaign(*, jobs: int, singles: int, members: int, seed: int, home: Path) -> Verdict:
    """Runs it in `home`. TimeoutError if something does not come to its end."""
    began = time.monotonic()
    fair = []
    for number, way in enumerate(WAYS):
        fair.append(await fairness(way, backlog=jobs, singles=singles, path=home / f"fair-{number}.db"))
    found = await batches(home, members=members, seed=seed)
    return Verdict(fair, found, time.monotonic() - began)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=100_000, help="of the one tenant (default 100000)")
    parser.add_argument("--singles", type=int, default=20, help="jobs of the other tenant (default 20)")
    parser.add_argument("--members", type=int, default=10_000, help="of each batch (default 10000)")
    parser.add_argument("--seconds", type=float, default=600, help="give up after so long (default 600)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the moment of the kill")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="jobyard-scale-"))
    print(f"seed {options.seed}: {options.jobs} jobs before {options.singles}, {options.members} members", flush=True)

    async def bounded() -> Verdict:
        async with asyncio.timeout(options.seconds):
            return await campaign(
                jobs=options.jobs, singles=options.singles, members=options.members, seed=options.seed, home=home
            )

    try:
        verdict = loop.run(bounded())
    except TimeoutError:
        print(f"FAILED: not at an end in time; databases and log are kept in {home}", file=sys.stderr)
        return 1
    print(report(verdict))
    if verdict.violations:
        print(f"databases, journal and log are kept in {home}")
        return 1
    shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
