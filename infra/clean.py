"""IO: a round of the cleaner by hand, and what its runs did, on a running stack: `jobyard up`, an emulator, or AWS."""

from __future__ import annotations

import os
import socket

from infra.doctor.reading.clients import Where, connect
from queues.catalog import load
from queues.cleaning.cleaner import Cleaner
from queues.cleaning.rows import CleanerRows
from queues.cleaning.run import Cleaned, Run
from queues.clock import Clock, system_clock
from queues.settings import Settings
from queues.store import JobStore


async def clean(settings: Settings, where: Where, *, dry_run: bool, clock: Clock = system_clock) -> Cleaned | None:
    """What a round with the types of `settings.jobs` has removed, or, in a dry run, would; None: one is under way.

    botocore's errors if the endpoint does not answer, or the table is not there.
    """
    catalog = load(settings.jobs)
    async with connect(where, settings, ("dynamodb",)) as clients:
        dynamodb = clients["dynamodb"]
        store, rows = JobStore(dynamodb, settings), CleanerRows(dynamodb, settings)
        name = f"{socket.gethostname()[:40]}:{os.getpid()}"
        cleaner = Cleaner(store, rows, catalog, clock, name, settings.clean_every)
        return await cleaner.count() if dry_run else await cleaner.round(anyway=True)


async def history(settings: Settings, where: Where, limit: int, *, clock: Clock = system_clock) -> list[Run]:
    """The cleaner's runs, whoever made them, the latest first. botocore's errors, as above."""
    async with connect(where, settings, ("dynamodb",)) as clients:
        return await CleanerRows(clients["dynamodb"], settings).latest(limit, clock())
