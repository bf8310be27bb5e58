"""A process that is killed while schedules fire: every one has fired once when the next process has had its turn."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.local.engine import Engine
from tests.engine.scheduled import House

SCHEDULES = 600
ROUNDS = 5

#: Makes schedules that are all due at once, says so, and goes on firing.
CHILD = f"""
import asyncio, sys
from pathlib import Path
from infra.local.engine import Engine
from tests.engine.scheduled import House

async def main():
    house = await House(Engine(Path(sys.argv[1])), asyncio.get_running_loop()).furnish()
    group = [house.schedule("at(2020-01-01T00:00:00)", f"s{{n}}", {{"Input": f"s{{n}}"}}) for n in range({SCHEDULES})]
    print("begun", flush=True)
    await asyncio.gather(*group)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("milliseconds", [20 + 15 * number for number in range(ROUNDS)])
def test_each_schedule_fires_once_whenever_its_process_is_killed(tmp_path: Path, milliseconds: int) -> None:
    path = tmp_path / "aws.db"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n"
        time.sleep(milliseconds / 1000)
        child.send_signal(signal.SIGKILL)
    asyncio.run(check(path))


async def check(path: Path) -> None:
    engine = Engine(path)
    house = House(engine, asyncio.get_running_loop())
    (made,) = engine._db.execute("SELECT count(*) FROM scheduler_schedules").fetchone()
    for _ in range(SCHEDULES):  # far more turns than it takes
        await house.names()
    assert engine._db.execute("SELECT count(*) FROM scheduler_schedules WHERE due_at IS NOT NULL").fetchone() == (0,)
    bodies = [message["Body"] for message in await house.messages()]
    assert len(bodies) == made
    assert len(set(bodies)) == made
    await engine.close()
