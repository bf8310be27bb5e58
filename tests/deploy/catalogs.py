"""Catalogs to render: job types made on the spot, as many and as odd as a test likes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from queues import Context, job
from queues.jobtype import JobType

#: The module that the types pretend to be in, each below its own: `made_up.type_7`.
PACKAGE = "made_up"


class Anything(BaseModel):
    size: int = 1


def job_type(name: str, *, is_async: bool = True, **options: Any) -> JobType[Any, Any]:
    """A job type of that name, with a module of its own that has its `handler`."""

    async def work(data: Anything, ctx: Context) -> int:
        """Does what has to be done."""
        return data.size

    def toil(data: Anything, ctx: Context) -> int:
        """Does what has to be done."""
        return data.size

    module = ModuleType(f"{PACKAGE}.{name.replace('-', '_')}")
    function: Any = work if is_async else toil
    function.__module__ = module.__name__
    made: JobType[Any, Any] = job(name, **options)(function)
    module.handler = made.lambda_handler  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    return made


def job_types(count: int) -> list[JobType[Any, Any]]:
    """So many types, of all kinds that make a difference to a template, with long names."""
    kinds: Iterable[dict[str, Any]] = (
        {},
        {"is_async": False, "memory": 2048},
        {"batch_size": 10, "concurrency": 100},
        {"batch_size": 100, "batching_window": 5.0, "concurrency": 1_000},
        {"concurrency": 1},
    )
    kinds = list(kinds)
    return [job_type(f"job-type-number-{number}-of-many", **kinds[number % len(kinds)]) for number in range(count)]
