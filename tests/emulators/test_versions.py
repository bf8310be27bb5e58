"""Old code and new code on one table and queue, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from queues import Status, job
from queues.jobtype import JobType
from queues.upcast import Upcast
from tests.emulators.process import Deployment


class Centimetres(BaseModel):
    """Version 1."""

    cm: int


class Millimetres(BaseModel):
    """Version 2."""

    mm: int


def old_code() -> JobType[Any, Any]:
    @job("part", attempts=2)
    async def part(data: Centimetres) -> int:
        return data.cm * 10

    return part


def new_code(step: Upcast = lambda old: {"mm": old["cm"] * 10}) -> JobType[Any, Any]:
    @job("part", attempts=2, version=2, upcasts={1: step})
    async def part(data: Millimetres) -> int:
        return data.mm

    return part


async def test_new_code_runs_old_data(deployment: Deployment) -> None:
    old, new = await deployment.process(old_code()), await deployment.process(new_code())
    done = await new.run(await old.runtime.queue.enqueue("part", {"cm": 2}))
    assert (done.status, done.result, done.data_version, done.data) == (Status.COMPLETED, 20, 1, {"cm": 2})


async def test_old_code_leaves_new_data_to_new_code_unburnt(deployment: Deployment) -> None:
    old, new = await deployment.process(old_code()), await deployment.process(new_code())
    made = await new.runtime.queue.enqueue("part", {"mm": 20})
    waiting = await old.run(made)
    assert (waiting.status, [one.outcome for one in waiting.history]) == (Status.DELAYED, ["newer"])
    assert waiting.max_attempts - waiting.attempt == made.max_attempts
    done = await new.run(made)
    assert (done.status, done.result, done.data_version) == (Status.COMPLETED, 20, 2)


async def test_a_step_that_is_mended_runs_what_a_broken_one_failed(deployment: Deployment) -> None:
    old, broken = await deployment.process(old_code()), await deployment.process(new_code(lambda old: old["inch"]))
    made = await old.runtime.queue.enqueue("part", {"cm": 2})
    failed = await broken.run(made)
    assert failed.error is not None
    assert (failed.status, failed.error.type) == (Status.FAILED, "CannotUpcast")
    mended = await deployment.process(new_code())
    await mended.runtime.queue.retry(made.id)
    assert (await mended.run(made)).result == 20
