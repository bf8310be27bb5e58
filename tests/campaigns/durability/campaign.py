"""Rounds of one campaign: start, audit, load, kill, and a look at the file; then once more from the beginning.

A round is of one of four kinds:

    load     kill -9 in the middle of the load
    start    kill -9 while it starts and recovers
    stop     asked to stop, and killed while it does
    full     the disk is full for a while, and the kill comes then or later
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from infra.local.checkpoint import START_AT
from tests.campaigns.durability.aws import Aws, Violation
from tests.campaigns.durability.items import Items
from tests.campaigns.durability.line import FifoQueue
from tests.campaigns.durability.load import Load, drive
from tests.campaigns.durability.purge import PurgedQueue
from tests.campaigns.durability.queue import StandardQueue
from tests.campaigns.durability.server import Server, ServerFailed
from tests.campaigns.durability.transfers import Transfers

Kind = Literal["load", "start", "stop", "full"]
SHARES: dict[Kind, int] = {"load": 70, "start": 10, "stop": 10, "full": 10}
#: Seconds: the longest load before a kill, the longest life of one that is killed while it starts, the longest patience
#: with one that is killed while it stops, and the longest time for which the disk is full.
LIFE, EARLY_LIFE, PATIENCE, FULL = 1.0, 0.8, 0.05, 0.5
#: Bytes of log at which a life makes its checkpoints.
CHECKPOINTS = (64 * 1024, 512 * 1024, START_AT)
#: Seconds for which a full disk that nobody has met yet is left so at the most.
MEET = 3.0
#: Bytes that can still be written when the disk becomes full.
ROOM = (0, 20_000, 200_000)
#: Seconds for the writers to notice that the server is dead.
NOTICE = 60.0
#: What the server may log, when the disk is full.
ALLOWED = "a tick failed and is tried again: InternalServerError: The disk is full"


@dataclass(slots=True)
class Campaign:
    """One server, its loads, and what came of them; with the same seed, the same calls and moments are planned."""

    server: Server
    seed: int
    #: Seconds of the longest load before a kill.
    life: float = LIFE
    loads: list[Load] = field(
        default_factory=lambda: [StandardQueue(), FifoQueue(), PurgedQueue(), Items(), Transfers()]
    )
    kinds: Counter[Kind] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    async def run(self, rounds: int, told: Callable[[int], None], kinds: list[Kind] | None = None) -> None:
        """Ends after so many rounds, or with the first one that finds something wrong; `told` after each."""
        try:
            for number in range(rounds):
                rng = random.Random(f"{self.seed} {number}")
                drawn: Kind = rng.choices(list(SHARES), list(SHARES.values()))[0]
                kind: Kind = kinds[number % len(kinds)] if kinds else "load" if number == 0 else drawn
                await self._round(kind, rng, first=number == 0)
                self.kinds[kind] += 1
                if self.violations:
                    return
                told(number + 1)
            await self._last()
        except ServerFailed as failed:
            self.violations.append(str(failed))
        except TimeoutError:
            self.violations.append(f"calls to a dead server had not ended after {NOTICE:g} s")
        finally:
            await self.server.end()

    async def _round(self, kind: Kind, rng: random.Random, *, first: bool) -> None:
        await self.server.start(rng.choice(CHECKPOINTS))
        if kind == "start":
            await asyncio.sleep(rng.uniform(0, EARLY_LIFE))
            await self.server.kill()
        else:
            async with Aws(await self.server.wait_ready(), self.server.ahead) as aws:
                await self._each([load.prepare(aws) if first else load.audit(aws, rng) for load in self.loads])
                writers = [
                    asyncio.create_task(drive(load, step))
                    for load in self.loads
                    for step in load.steps(aws, random.Random(rng.random()))
                ]
                await (
                    self._fill_up(rng)
                    if kind == "full" and self.server.can_be_filled
                    else asyncio.sleep(rng.uniform(0.02, self.life))
                )
                await (self.server.stop(rng.uniform(0, PATIENCE)) if kind == "stop" else self.server.kill())
                if self.server.disk is not None:
                    self.server.make_room()
                self.server.lives += 1
                async with asyncio.timeout(NOTICE):
                    await self._each(writers)
        self._examine()

    async def _fill_up(self, rng: random.Random) -> None:
        await asyncio.sleep(rng.uniform(0.05, self.life))
        before = sum(load.figures.full for load in self.loads)
        self.server.fill_disk(rng.choice(ROOM))
        await asyncio.sleep(rng.uniform(0, FULL))
        with suppress(TimeoutError):
            # On a busy machine it takes longer until somebody meets it.
            async with asyncio.timeout(MEET):
                while sum(load.figures.full for load in self.loads) == before:  # noqa: ASYNC110 - they only count
                    await asyncio.sleep(0.01)
        if rng.random() < 0.7:
            self.server.make_room()
            await asyncio.sleep(rng.uniform(0.02, self.life))

    async def _last(self) -> None:
        """One more audit, an orderly stop, and a look into the log."""
        rng = random.Random(f"{self.seed} last")
        await self.server.start()
        async with Aws(await self.server.wait_ready(), self.server.ahead) as aws:
            await self._each([load.audit(aws, rng) for load in self.loads])
        code = await self.server.stop()
        self._require(code == 0, f"the server's exit code at the end was {code}")
        self._examine()
        lines = self.server.log.read_text().splitlines()
        errors = [line for line in lines if ALLOWED not in line]
        self._require(not errors, f"the server logged {len(errors)} lines, first: {errors[:3]}")

    async def _each(self, work: Sequence[Awaitable[None]]) -> None:
        """Does things side by side, all to their ends, and notes what goes wrong."""
        for error in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(error, Violation):
                self.violations.append(str(error))
            elif isinstance(error, BaseException):
                self.violations.append(f"{type(error).__name__}: {error}")

    def _examine(self) -> None:
        word = self.server.examine()
        self._require(word == "ok", f"integrity_check: {word}")

    def _require(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.violations.append(sentence)
