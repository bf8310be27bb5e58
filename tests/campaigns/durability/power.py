"""Power cuts: the engine writes, all that reaches its files is recorded, and the power fails at any point of that.

    python -m tests.campaigns.durability.power [--cuts 200] [--seed N]

For each cut one of the possible states of the disk (`platter.py`) is drawn and opened as after a restart. With fsync
`always` each lane must be where it was acknowledged to be, or one operation further. With `normal` it may have fallen
back, but only as a whole: to a state in which it has been. In both the database must be sound.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra.local import checkpoint
from infra.local.db import Fsync
from infra.local.engine import Engine
from infra.local.errors import EngineError
from tests.campaigns.durability.lane import Lanes, State, reach
from tests.campaigns.durability.platter import Platter
from tests.campaigns.durability.recorder import History, recording

LANES, OPERATIONS = 4, 80
DATABASE = "aws.db"


@dataclass(slots=True)
class Cuts:
    """What came of the cuts under one fsync policy."""

    fsync: Fsync
    cuts: int = 0
    #: Cuts that took back something acknowledged, and the most operations that one took back.
    losses: int = 0
    worst: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"fsync {self.fsync}: {self.cuts} power cuts, {self.losses} of them lost something acknowledged, "
            f"{self.worst} of {LANES * OPERATIONS} operations at most"
        )


async def write(database: Path, fsync: Fsync, history: History) -> None:
    """One life of the engine: side by side the lanes write, and note what they begin and what was acknowledged."""
    engine = Engine(database, fsync=fsync)
    lanes = Lanes(engine)
    await lanes.prepare()

    async def run(lane: str) -> None:
        for number in range(OPERATIONS):
            history.note((lane, "begun", number + 1))
            await lanes.do(lane, number)
            history.note((lane, "acknowledged", number + 1))

    await asyncio.gather(*[run(f"lane{number}") for number in range(LANES)])
    await engine.close()


async def cut(history: History, fsync: Fsync, cuts: int, rng: random.Random, folder: Path) -> Cuts:
    """Cuts the power so many times, at different moments, and looks at what is left each time."""
    result, platter = Cuts(fsync), Platter()
    begun: dict[str, int] = {}
    acknowledged: dict[str, int] = {}
    moments = set(rng.sample(range(len(history.events)), cuts))
    for place, event in enumerate(history.events):
        if place in moments:
            left = folder / "left"
            shutil.rmtree(left, ignore_errors=True)
            left.mkdir()
            platter.leave(left, rng)
            await look(left / DATABASE, result, begun, acknowledged)
            result.cuts += 1
        platter.pass_on(event)
        if event.kind == "note":
            lane, word, number = event.note
            (begun if word == "begun" else acknowledged)[lane] = number
    return result


async def look(database: Path, result: Cuts, begun: dict[str, int], acknowledged: dict[str, int]) -> None:
    """Opens what is left, and holds it against what was begun and what was acknowledged."""
    try:
        engine = Engine(database, fsync=result.fsync)
    except EngineError as error:
        result.violations.append(f"cut {result.cuts}: {error}")
        return
    (verdict,) = engine._db.execute("PRAGMA integrity_check").fetchone()
    lanes = Lanes(engine)
    await lanes.prepare()
    states = await lanes.read()
    await engine.close()
    if verdict != "ok":
        result.violations.append(f"cut {result.cuts}: integrity_check says {verdict}")
    lost = 0
    for lane in begun.keys() | states.keys():
        state, told = states.get(lane, State()), acknowledged.get(lane, 0)
        reached = reach(state, range(begun.get(lane, 0)))
        if reached is None:
            result.violations.append(f"cut {result.cuts}: {lane} is in a state in which it has never been: {state}")
        elif reached < told:
            lost += told - reached
    result.losses += lost > 0
    result.worst = max(result.worst, lost)
    if lost and result.fsync == "always":
        result.violations.append(f"cut {result.cuts}: {lost} acknowledged operations are gone")


@contextmanager
def frequent_checkpoints() -> Iterator[None]:
    """So that cuts fall into them."""
    usual = checkpoint.START_AT, checkpoint.LOOK_EVERY
    checkpoint.START_AT, checkpoint.LOOK_EVERY = 128 * 1024, 4
    try:
        yield
    finally:
        checkpoint.START_AT, checkpoint.LOOK_EVERY = usual


def power_cuts(fsync: Fsync, cuts: int, seed: int, folder: Path) -> Cuts:
    """All of it, in an empty folder. `recorder.Unavailable` where SQLite's writes cannot be recorded."""
    written = folder / "written"
    written.mkdir()
    with frequent_checkpoints():
        with recording(written) as history:
            asyncio.run(write(written / DATABASE, fsync, history))
        return asyncio.run(cut(history, fsync, cuts, random.Random(f"{seed} {fsync}"), folder))


def cut_power(cuts: int, seed: int) -> int:
    """Under both policies; prints what came of it, and answers an exit code."""
    policies: tuple[Fsync, ...] = ("always", "normal")
    failed = False
    for fsync in policies:
        with tempfile.TemporaryDirectory(prefix="jobyard-power-") as folder:
            result = power_cuts(fsync, cuts, seed, Path(folder))
        print("\n".join([str(result), *result.violations[:20]]), flush=True)
        failed = failed or bool(result.violations)
    return int(failed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=200, help="power cuts under either fsync policy (default 200)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the cuts")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    return cut_power(options.cuts, options.seed)


if __name__ == "__main__":
    sys.exit(main())
