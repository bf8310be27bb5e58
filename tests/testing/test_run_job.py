"""One handler called without a queue, and the context that remembers."""

from __future__ import annotations

from typing import Any

import pytest

from queues import Context, Snooze, job
from queues.catalog import load
from queues.errors import InvalidData, InvalidOption, UnknownJobType
from queues.log_line import LogLine
from queues.testing import FakeContext, Yard, run_job
from tests.testing.jobs import Order, greet, plain


async def test_the_value_is_answered() -> None:
    assert await run_job(greet, {"size": 2}) == "hello 2"
    assert await run_job(greet, Order(size=3, failures=1), attempt=2) == "hello 3"
    assert isinstance(await run_job(plain, {}), int)


async def test_the_handler_s_own_exception_is_raised() -> None:
    with pytest.raises(ConnectionError, match="nobody there"):
        await run_job(greet, {"failures": 1})
    with pytest.raises(Snooze):
        await run_job("nap", {}, catalog=load(["tests.testing.jobs"]))


async def test_the_data_is_checked() -> None:
    with pytest.raises(InvalidData, match="size"):
        await run_job(greet, {"size": "much"})


async def test_the_result_is_checked() -> None:
    with pytest.raises(ValueError, match="serialize"):
        await run_job("odd", {}, catalog=load(["tests.testing.jobs"]))


async def test_a_name_is_looked_up_in_the_environment_s_catalog(jobyard: Yard) -> None:
    assert await run_job("hello", {"name": "Ada"}) == "Hello, Ada!"
    with pytest.raises(UnknownJobType):
        await run_job("greet", {})
    assert await jobyard.run_job("greet", {}) == "hello 1"


async def test_the_context_remembers() -> None:
    context = FakeContext(attempt=2, max_attempts=2)
    await run_job(greet, {}, context=context)
    await run_job(plain, {"size": 5}, context=context)
    assert (context.reports, context.percent, context.notes) == ([(50, "half way")], 50, ["half way"])
    assert context.messages == ["size 5"]
    context.log("charged", level="warning", cents=990)
    assert context.logs[1:] == [LogLine(0, 2, "charged", "WARNING", fields={"cents": 990})]
    assert context.last_attempt
    assert FakeContext().percent == 0
    with pytest.raises(InvalidOption):
        context.progress(101)


async def test_a_context_of_its_own_has_the_type_s_options() -> None:
    @job("look", attempts=4, timeout=7)
    def look(data: Any, ctx: Context) -> list[Any]:
        return [ctx.type, ctx.attempt, ctx.max_attempts, ctx.timeout]

    assert await run_job(look, {}, attempt=2) == ["look", 2, 4, 7]
