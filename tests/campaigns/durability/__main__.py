"""The durability campaign: our AWS endpoint under load, killed with `kill -9` at random moments, and audited.

    python -m tests.campaigns.durability                                # 100 rounds, 100 power cuts
    python -m tests.campaigns.durability --rounds 20 --cuts 0 --fsync always

Five loads call at the same time over HTTP: a standard queue with dead letters, a FIFO queue, a queue that is purged,
items with indexes, and transactions. Each notes what was acknowledged; after each kill and restart all is read back and
compared, and SQLite examines the file. `--seed` fixes the calls and the moments that are planned; what the operating
system makes of them differs from run to run.

A killed process leaves its writes to the system, a power cut does not: so the power is cut as well (`power.py`), in a
recording of what the engine writes, under both policies of JOBYARD_FSYNC.
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
from typing import get_args

from infra.local.db import Fsync
from tests.campaigns.durability.campaign import Campaign
from tests.campaigns.durability.power import cut_power
from tests.campaigns.durability.recorder import Unavailable
from tests.campaigns.durability.report import report
from tests.campaigns.durability.server import Server


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100, help="times that the server is killed (default 100)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of calls and moments")
    parser.add_argument("--fsync", choices=get_args(Fsync), default="normal", help="the server's JOBYARD_FSYNC")
    parser.add_argument("--cuts", type=int, default=100, help="power cuts under each fsync policy (default 100)")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="jobyard-durability-"))
    campaign = Campaign(Server(home, options.fsync), options.seed)
    began = time.monotonic()

    def told(number: int) -> None:
        if number % max(1, options.rounds // 20) == 0 or number == options.rounds:
            calls = sum(load.figures.acknowledged for load in campaign.loads)
            print(f"  round {number}: {calls} calls acknowledged, {time.monotonic() - began:.0f} s", flush=True)

    print(f"seed {options.seed}: {options.rounds} rounds, fsync {options.fsync}", flush=True)
    asyncio.run(campaign.run(options.rounds, told))
    print("\n" + report(campaign, time.monotonic() - began))
    if campaign.violations:
        print(f"seed {options.seed}, round {campaign.kinds.total()}; database and log are kept in {home}")
        return 1
    shutil.rmtree(home)
    if not options.cuts:
        return 0
    print()
    try:
        return cut_power(options.cuts, options.seed)
    except Unavailable as why:
        print(f"no power cuts: {why}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
