"""A whole stack, read. The parts that need nothing of each other are read at the same time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from infra.deploy.names import FIXED
from infra.doctor.reading.asking import Asker
from infra.doctor.reading.clients import Where, connect
from infra.doctor.reading.functions import read_functions, read_mappings
from infra.doctor.reading.machine import read_folder, read_misfits, read_secrets, read_versions
from infra.doctor.reading.permissions import read_denials
from infra.doctor.reading.queues import list_queues, read_queues, with_ages
from infra.doctor.reading.schedules import read_schedules
from infra.doctor.reading.table import read_tables
from infra.doctor.reading.target import Now, identify, kind_of
from infra.doctor.snapshot import AnyType, Folder, Kind, QueueState, Snapshot, Target, queue_names
from infra.serving import is_loopback
from queues.catalog import load
from queues.settings import Settings

#: Queues of no job type whose messages are counted.
MAX_ORPHANS = 100


async def read(
    settings: Settings, where: Where, *, environment: Mapping[str, str] = os.environ, now: Now = time.time
) -> Snapshot:
    """The stack at `where`. NoAnswer, CredentialsRefused, Misconfigured (a module of job types), botocore's errors."""
    types = tuple(load(settings.jobs))
    kind, skew = (Kind.AWS, None) if where.endpoint is None else await kind_of(where.endpoint, now)
    async with connect(where, settings) as clients:
        return await read_stack(clients, settings, types, where.endpoint, kind, skew, environment, now)


async def read_stack(
    clients: dict[str, Any],
    settings: Settings,
    types: tuple[AnyType, ...],
    endpoint: str | None,
    kind: Kind,
    skew: float | None,
    environment: Mapping[str, str],
    now: Now,
) -> Snapshot:
    """The same with clients that are there, by service; for an endpoint with what its health has told."""
    asker = Asker(clients)
    target, by_sts = await identify(asker, endpoint, settings.region, kind, now)
    skew = by_sts if skew is None else skew
    if skew is None:
        asker.skip("clock skew", "replies do not tell the time")
    own = [name for one in types for name in queue_names(one, settings)]
    names = [*own, *(settings.dead_letter_queue(one.name) for one in types)]
    queues, listed, tables = await asyncio.gather(
        read_queues(asker, names), list_queues(asker, settings), read_tables(asker, settings)
    )
    orphans = [name for name in listed if name not in names]
    worked = [queue for name in own if (queue := queues.get(name)) is not None]
    mappings, others, aged = await asyncio.gather(
        read_mappings(asker, worked), read_queues(asker, orphans[:MAX_ORPHANS]), with_ages(asker, _of(worked), now())
    )
    queues |= aged | others
    fixed = [f"{settings.prefix}-{name}" for name in FIXED.values()]
    called = {one.function for found in mappings.values() for one in found}
    # Without one mapping `jobyard work` does it all, and there need not be a Lambda.
    functions = await read_functions(asker, [*fixed, *called]) if called else {}
    schedules = await read_schedules(asker, settings, target, queues, functions)
    denials = await read_denials(
        asker, settings, types, target, functions, worker=any(not mappings.get(queue.name) for queue in worked)
    )
    misfits = read_misfits()
    if misfits is None:
        asker.skip("installed packages", "jobyard is run from its folder, not installed")
    return Snapshot(
        settings=settings,
        types=types,
        target=target,
        queues=queues,
        listed=listed,
        mappings=mappings,
        functions=functions,
        tables=tables,
        schedules=schedules,
        denials=denials,
        skew=skew,
        secrets=read_secrets(settings, environment),
        folder=_folder(asker, settings, target),
        misfits=misfits or {},
        versions=read_versions(),
        unread=tuple(dict.fromkeys(asker.unread)),
    )


def _of(queues: list[QueueState]) -> dict[str, QueueState | None]:
    return {queue.name: queue for queue in queues}


def _folder(asker: Asker, settings: Settings, target: Target) -> Folder | None:
    """The data folder, of an embedded AWS on this machine."""
    if target.kind is not Kind.EMBEDDED:
        return None
    folder = None
    if target.endpoint is not None and is_loopback(urlsplit(target.endpoint).hostname or ""):
        folder = read_folder(settings)
    if folder is None:
        asker.skip("the data folder", f"{settings.data} holds no database of it; set JOBYARD_DATA to its folder")
    return folder
