"""How a worker polls, and that its rounds go on whatever they meet."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from infra.local.engine import Engine
from infra.polling import Polling, polling
from infra.worker import Worker, _rounds
from queues import job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.runtime import assemble
from queues.settings import read_settings


def made(*, is_async: bool, batch_size: int, concurrency: int) -> Any:
    window = 1.0 if batch_size > 10 else 0.0

    async def later(data: dict[str, int]) -> None: ...

    def now(data: dict[str, int]) -> None: ...

    options: dict[str, Any] = {"batch_size": batch_size, "concurrency": concurrency, "batching_window": window}
    return job("some-type", **options)(later if is_async else now)


@given(st.booleans(), st.integers(1, 1_000), st.integers(1, 1_000), st.integers(1, 256))
def test_concurrency_is_used_and_never_exceeded(
    is_async: bool, batch_size: int, concurrency: int, processes: int
) -> None:
    plan = polling(made(is_async=is_async, batch_size=batch_size, concurrency=concurrency), processes)
    at_once = plan.batch_size * plan.maximum_concurrency
    limit = concurrency if is_async else min(concurrency, processes)
    assert 1 <= plan.batch_size <= batch_size
    # What is left over is less than one more batch.
    assert limit - plan.batch_size < at_once <= limit


@pytest.mark.parametrize(
    ("is_async", "batch_size", "concurrency", "plan"),
    [
        (True, 10, 100, Polling(10, 10)),
        (True, 10, 5, Polling(5, 1)),
        (True, 1, 5, Polling(1, 5)),
        (False, 1, 5, Polling(1, 4)),
        (False, 10, 10, Polling(1, 4)),
        (False, 10, 2, Polling(1, 2)),
    ],
)
def test_examples_with_four_processes(is_async: bool, batch_size: int, concurrency: int, plan: Polling) -> None:
    assert polling(made(is_async=is_async, batch_size=batch_size, concurrency=concurrency), 4) == plan


async def test_a_worker_starts_on_a_runtime_once_at_most() -> None:
    engine = Engine(None)
    clients = Clients(*(engine.client(name) for name in ("sqs", "dynamodb", "scheduler")))
    runtime = assemble(clients, Catalog([made(is_async=True, batch_size=1, concurrency=1)]), read_settings())
    try:
        await runtime.create_resources()
        first = Worker(runtime, engine=engine)
        await first.start()
        await first.stop(0)
        with pytest.raises(RuntimeError, match="assemble another"):
            await Worker(runtime, engine=engine).start()
    finally:
        await runtime.close()
        await engine.close()


async def test_a_round_that_fails_is_followed_by_the_next(caplog: pytest.LogCaptureFixture) -> None:
    met = iter([ClientError({"Error": {"Code": "Throttling"}}, "Query"), OSError("no route"), ValueError("a bug")])
    done = asyncio.Event()

    async def work() -> None:
        for error in met:
            raise error
        done.set()

    rounds = asyncio.create_task(_rounds("reaper", work, 0))
    await asyncio.wait_for(done.wait(), 10)
    rounds.cancel()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "ERROR"]
