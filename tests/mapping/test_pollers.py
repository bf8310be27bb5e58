"""Mappings that are rows: the pollers begin, change and stop as the API says, and no message is lost or run twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from infra.local.lambda_.functions import Function
from infra.local.lambda_.pollers import Pollers
from tests.mapping.conftest import FUNCTION_ARN, QUEUE_ARN, VISIBILITY, World, in_world

#: Virtual seconds within which pollers obey, and a state has settled.
SOON = 0.5


class House:
    """A world whose engine has the function `worker`, and pollers."""

    def __init__(self, world: World):
        self.world = world
        self.engine = world.engine
        self.functions: Any = self.engine.client("lambda")
        self.function = Function("worker", FUNCTION_ARN, world.function, "module.worker", 20, 5)
        self.engine.functions["worker"] = self.function
        self.pollers = Pollers(self.engine, clock=world.loop.epoch_ms, new_id=self.engine.new_id)

    async def map(self, **params: Any) -> str:
        reply = await self.functions.create_event_source_mapping(
            FunctionName="worker", EventSourceArn=QUEUE_ARN, **params
        )
        await asyncio.sleep(SOON)
        return str(reply["UUID"])

    async def update(self, uuid: str, **params: Any) -> None:
        await self.functions.update_event_source_mapping(UUID=uuid, **params)
        await asyncio.sleep(SOON)


def in_house(test: Callable[[House], Coroutine[Any, Any, None]]) -> None:
    async def main(world: World) -> None:
        house = House(world)
        await house.pollers.start()
        await test(house)
        await house.pollers.stop(1)

    in_world(main)


def test_a_mapping_begins_when_it_is_made_and_ends_when_it_is_deleted() -> None:
    async def test(house: House) -> None:
        world = house.world
        await world.send("a")
        await asyncio.sleep(10)
        assert world.events == []
        uuid = await house.map()
        assert world.bodies == [["a"]]
        assert await world.counts() == (0, 0)
        await house.functions.delete_event_source_mapping(UUID=uuid)
        await asyncio.sleep(SOON)
        await world.send("b")
        await asyncio.sleep(60)
        assert world.bodies == [["a"]]
        assert await world.counts() == (1, 0)

    in_house(test)


def test_a_disabled_mapping_receives_nothing_and_goes_on_where_it_was() -> None:
    async def test(house: House) -> None:
        world = house.world
        uuid = await house.map()
        await house.update(uuid, Enabled=False)
        await world.send("a", "b")
        await asyncio.sleep(3_600)
        assert world.events == []
        assert await world.counts() == (2, 0)
        await house.update(uuid, Enabled=True)
        assert world.bodies == [["a", "b"]]
        (first, second) = world.events[0]["Records"]
        # The pause has used up none of their receives.
        assert first["attributes"]["ApproximateReceiveCount"] == "1"
        assert second["attributes"]["ApproximateReceiveCount"] == "1"

    in_house(test)


def test_what_runs_while_a_mapping_is_disabled_finishes() -> None:
    async def test(house: House) -> None:
        world = house.world
        world.answer = lambda _: asyncio.sleep(8)
        uuid = await house.map()
        await world.send("a")
        await asyncio.sleep(1)
        await house.update(uuid, Enabled=False)
        await asyncio.sleep(10)
        assert len(world.events) == 1
        assert await world.counts() == (0, 0)

    in_house(test)


def test_settings_change_under_way_and_slots_in_use_are_not_given_twice() -> None:
    async def test(house: House) -> None:
        world = house.world
        world.answer = lambda _: asyncio.sleep(10)
        uuid = await house.map(BatchSize=1, ScalingConfig={"MaximumConcurrency": 3})
        await world.send(*"abcdefgh")
        await asyncio.sleep(1)
        assert [len(bodies) for bodies in world.bodies] == [1, 1, 1]
        await house.update(uuid, BatchSize=2, ScalingConfig={"MaximumConcurrency": 2})
        await asyncio.sleep(1)
        # Three run, more than are allowed now: nothing begins until two of them have ended.
        assert len(world.events) == 3
        await asyncio.sleep(10)
        assert [len(bodies) for bodies in world.bodies] == [1, 1, 1, 2, 2]
        await asyncio.sleep(10)
        assert [len(bodies) for bodies in world.bodies] == [1, 1, 1, 2, 2, 1]
        await asyncio.sleep(20)
        assert await world.counts() == (0, 0)

    in_house(test)


def test_reserved_concurrency_bounds_a_mapping_and_zero_stops_it() -> None:
    async def test(house: House) -> None:
        world = house.world
        world.answer = lambda _: asyncio.sleep(10)
        await house.functions.put_function_concurrency(FunctionName="worker", ReservedConcurrentExecutions=0)
        await house.map(BatchSize=1)
        await world.send("a", "b", "c")
        await asyncio.sleep(100)
        assert world.events == []
        assert await world.counts() == (3, 0)
        await house.functions.put_function_concurrency(FunctionName="worker", ReservedConcurrentExecutions=2)
        await asyncio.sleep(1)
        assert len(world.events) == 2
        await house.functions.delete_function_concurrency(FunctionName="worker")
        await asyncio.sleep(1)
        assert len(world.events) == 3

    in_house(test)


def test_without_report_batch_item_failures_an_answer_means_success() -> None:
    async def test(house: House) -> None:
        world = house.world
        world.answer = lambda event: {
            "batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]
        }
        uuid = await house.map()
        await world.send("a")
        await asyncio.sleep(1)
        assert await world.counts() == (0, 0)
        await house.update(uuid, FunctionResponseTypes=["ReportBatchItemFailures"])
        await world.send("b")
        await asyncio.sleep(1)
        assert await world.counts() == (0, 1)

    in_house(test)


def test_records_that_no_filter_matches_are_deleted_unseen() -> None:
    async def test(house: House) -> None:
        world = house.world
        pattern = json.dumps({"body": {"kind": ["mesh"]}})
        await house.map(FilterCriteria={"Filters": [{"Pattern": pattern}]})
        await world.send('{"kind": "mesh", "n": 1}', '{"kind": "text"}', "no JSON", '{"kind": "mesh", "n": 2}')
        await asyncio.sleep(1)
        assert [body for bodies in world.bodies for body in bodies] == [
            '{"kind": "mesh", "n": 1}',
            '{"kind": "mesh", "n": 2}',
        ]
        assert await world.counts() == (0, 0)

    in_house(test)


def test_a_functions_lease_hides_its_messages_and_else_the_queue_does() -> None:
    async def test(house: House) -> None:
        world = house.world
        world.answer = lambda _: asyncio.sleep(19)
        house.function.lease = 5
        uuid = await house.map()
        await world.send("a")
        await asyncio.sleep(6)
        # Nobody extended it.
        assert len(world.events) == 2
        house.function.lease = None
        await house.update(uuid, BatchSize=1)
        await asyncio.sleep(120)
        world.events.clear()
        await world.send("b")
        await asyncio.sleep(VISIBILITY)
        assert len(world.events) == 1

    in_house(test)


def test_two_functions_may_share_a_queue() -> None:
    async def test(house: House) -> None:
        world = house.world
        other: list[Any] = []

        async def also(event: Any, context: Any) -> None:
            other.append(event)

        house.engine.functions["other"] = Function(
            "other", FUNCTION_ARN.replace("worker", "other"), also, "module.other", 20, 5
        )
        await house.map()
        reply = await house.functions.create_event_source_mapping(FunctionName="other", EventSourceArn=QUEUE_ARN)
        assert reply["State"] == "Creating"
        await asyncio.sleep(SOON)
        await world.send(*map(str, range(20)))
        await asyncio.sleep(1)
        assert sum(len(event["Records"]) for event in [*world.events, *other]) == 20

    in_house(test)


def test_mappings_of_functions_that_are_not_here_are_left_alone() -> None:
    async def test(house: House) -> None:
        world = house.world
        uuid = await house.map(Enabled=False)
        del house.engine.functions["worker"]
        await house.update(uuid, Enabled=True)
        await world.send("a")
        await asyncio.sleep(60)
        assert await world.counts() == (1, 0)

    in_house(test)


def test_an_idle_house_asks_the_queue_and_nothing_else() -> None:
    async def test(house: House) -> None:
        await house.map()
        calls = 0
        submit = house.engine.submit

        async def counted(*args: Any) -> Any:
            nonlocal calls
            calls += 1
            return await submit(*args)

        house.engine.submit = counted  # type: ignore[method-assign]
        await asyncio.sleep(600)
        assert calls == 0

    in_house(test)
