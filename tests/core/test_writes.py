"""Conditional writes are sent together, answered apart, and go one by one where an endpoint has no batches."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine
from queues.settings import Settings
from queues.table import create_table
from queues.writes import TRIES, Form, Refused, Writes
from tests.campaigns.virtual import VirtualLoop, run_virtual

TABLE = "jobyard"
COUNT = Form(sets=("seen",), guards=(("status", "="),), adds="attempt", returning=True)
CLOSE = Form(sets=("status",), guards=(("status", "="), ("attempt", "<=")))
DROP = Form(sets=(), guards=(("status", "="),), returning=True)
OPEN, CLOSED = {"S": "open"}, {"S": "closed"}


@dataclass
class Endpoint:
    """DynamoDB as the embedded engine has it, which can be told to answer differently."""

    inner: Any
    #: What BatchExecuteStatement raises first, one each call.
    raises: list[Exception] = field(default_factory=list)
    #: Error codes that the first statements get in place of being run, a list for each call.
    busy: list[list[str]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    singles: int = 0
    #: Seconds until it answers.
    slow: float = 0

    async def batch_execute_statement(self, **params: Any) -> dict[str, Any]:
        statements = params["Statements"]
        self.batches.append(len(statements))
        await asyncio.sleep(self.slow)
        if self.raises:
            raise self.raises.pop(0)
        codes = self.busy.pop(0) if self.busy else []
        rest = statements[len(codes) :]
        reply = await self.inner.batch_execute_statement(Statements=rest) if rest else {"Responses": []}
        return {"Responses": [{"Error": {"Code": code, "Message": code}} for code in codes] + reply["Responses"]}

    async def update_item(self, **params: Any) -> Any:
        self.singles += 1
        return await self.inner.update_item(**params)

    async def delete_item(self, **params: Any) -> Any:
        self.singles += 1
        return await self.inner.delete_item(**params)


@dataclass
class Bench:
    endpoint: Endpoint
    writes: Writes

    async def row(self, pk: str) -> dict[str, Any]:
        reply = await self.endpoint.inner.get_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": "job"}})
        item: dict[str, Any] = reply["Item"]
        return item

    def count(self, pk: str) -> asyncio.Future[Any]:
        return self.writes.apply(COUNT, pk, [{"N": "7"}, {"N": "1"}], [OPEN])

    def close(self, pk: str) -> asyncio.Future[Any]:
        return self.writes.apply(CLOSE, pk, [CLOSED], [OPEN, {"N": "5"}])

    def drop(self, pk: str, status: dict[str, str] = OPEN) -> asyncio.Future[Any]:
        return self.writes.apply(DROP, pk, [], [status])


def bench(scenario: Any) -> Any:
    """Runs the scenario on a virtual clock with rows `0`, `1`, ... that are open and at attempt 0."""

    def test() -> None:
        async def main(loop: VirtualLoop) -> None:
            engine = Engine(None, clock=loop.epoch_ms)
            dynamodb = engine.client("dynamodb")
            await create_table(dynamodb, Settings())
            for number in range(60):
                item = {"pk": {"S": str(number)}, "sk": {"S": "job"}, "status": OPEN, "attempt": {"N": "0"}}
                await dynamodb.put_item(TableName=TABLE, Item=item)
            endpoint = Endpoint(dynamodb)
            await scenario(Bench(endpoint, Writes(endpoint, TABLE)))
            await engine.close()

        run_virtual(main)

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test


@bench
async def test_writes_of_one_turn_share_calls_of_25(b: Bench) -> None:
    rows = await asyncio.gather(*[b.count(str(number)) for number in range(60)])
    assert b.endpoint.batches == [25, 25, 10]
    assert [row["pk"]["S"] for row in rows] == [str(number) for number in range(60)]
    assert all(row["attempt"] == {"N": "1"} and row["seen"] == {"N": "7"} for row in rows)


@bench
async def test_while_calls_are_on_their_way_writes_wait_for_company(b: Bench) -> None:
    b.endpoint.slow = 1
    writes: list[asyncio.Future[Any]] = []
    for number in range(30):
        writes.append(b.count(str(number)))
        await asyncio.sleep(0.01)
    # The third to the 27th made a full call, which waits for none.
    assert b.endpoint.batches == [1, 1, 25]
    await asyncio.gather(*writes)
    assert b.endpoint.batches == [1, 1, 25, 3]


@bench
async def test_what_a_busy_partition_has_sent_back_holds_nobody_up(b: Bench) -> None:
    b.endpoint.busy = [["ThrottlingError"], ["ThrottlingError"]]
    late = [b.count("0")]
    await asyncio.sleep(0)
    late.append(b.count("1"))
    await asyncio.sleep(0.01)
    assert (await b.count("2"))["attempt"] == {"N": "1"}
    assert not any(one.done() for one in late)
    assert [row["attempt"] for row in await asyncio.gather(*late)] == [{"N": "1"}] * 2


@bench
async def test_sent_waits_for_what_waits(b: Bench) -> None:
    b.endpoint.slow = 1
    writes = [b.count("0")]
    await asyncio.sleep(0)
    writes.append(b.count("1"))
    await asyncio.sleep(0)
    writes.append(b.count("2"))
    await b.writes.sent()
    assert b.endpoint.batches == [1, 1, 1]
    assert all(one.done() for one in writes)


@bench
async def test_a_row_is_returned_only_if_the_form_asks_for_it(b: Bench) -> None:
    assert await b.close("1") is None
    assert (await b.row("1"))["status"] == CLOSED


@bench
async def test_a_refused_write_tells_what_it_met_and_leaves_its_neighbours_alone(b: Bench) -> None:
    await b.close("1")
    ends = await asyncio.gather(b.count("0"), b.count("1"), b.count("none"), b.count("2"), return_exceptions=True)
    assert b.endpoint.batches == [1, 4]
    assert ends[0]["attempt"] == ends[3]["attempt"] == {"N": "1"}
    assert isinstance(ends[1], Refused)
    assert ends[1].item is not None
    assert ends[1].item["status"] == CLOSED
    assert isinstance(ends[2], Refused)
    assert ends[2].item is None


@bench
async def test_two_writes_to_one_row_go_in_two_calls_and_in_order(b: Bench) -> None:
    counted, closed, late = await asyncio.gather(b.count("1"), b.close("1"), b.count("1"), return_exceptions=True)
    assert b.endpoint.batches == [1, 1, 1]
    assert counted["status"] == OPEN
    assert closed is None
    assert isinstance(late, Refused)


@bench
async def test_a_statement_that_met_a_busy_partition_is_sent_again_alone(b: Bench) -> None:
    b.endpoint.busy = [["ThrottlingError"], ["ProvisionedThroughputExceeded"]]
    rows = await asyncio.gather(b.count("0"), b.count("1"))
    assert b.endpoint.batches == [2, 1, 1]
    assert [row["attempt"]["N"] for row in rows] == ["1", "1"]


@bench
async def test_patience_ends(b: Bench) -> None:
    b.endpoint.busy = [["TransactionConflict"]] * TRIES
    with pytest.raises(TimeoutError):
        await b.count("0")
    assert b.endpoint.batches == [1] * TRIES


@bench
async def test_an_error_of_one_statement_is_its_own(b: Bench) -> None:
    b.endpoint.busy = [["AccessDenied"]]
    denied, counted = await asyncio.gather(b.count("0"), b.count("1"), return_exceptions=True)
    assert isinstance(denied, ClientError)
    assert denied.response["Error"]["Code"] == "AccessDenied"
    assert counted["attempt"] == {"N": "1"}


@bench
async def test_an_error_of_the_call_is_everybodys(b: Bench) -> None:
    await b.count("5")
    b.endpoint.raises = [ConnectionResetError("the answer is lost")]
    ends = await asyncio.gather(b.count("0"), b.count("1"), return_exceptions=True)
    assert all(isinstance(end, ConnectionResetError) for end in ends)
    assert (await b.count("0"))["attempt"] == {"N": "1"}


@pytest.mark.parametrize("code", ["UnknownOperationException", "500"])
def test_where_batches_are_unknown_each_write_is_an_update(code: str) -> None:
    @bench
    async def scenario(b: Bench) -> None:
        b.endpoint.raises = [ClientError({"Error": {"Code": code}}, "BatchExecuteStatement")]
        await b.endpoint.inner.delete_item(TableName=TABLE, Key={"pk": {"S": "3"}, "sk": {"S": "job"}})
        first = await asyncio.gather(*[b.count(str(n)) for n in range(4)], return_exceptions=True)
        assert [row["attempt"]["N"] for row in first[:3]] == ["1", "1", "1"]
        assert isinstance(first[3], Refused), "an UpdateItem must not make a row that was gone"
        assert await b.close("0") is None
        with pytest.raises(Refused) as refused:
            await b.close("0")
        assert refused.value.item is not None
        assert refused.value.item["status"] == CLOSED
        assert (b.endpoint.batches, b.endpoint.singles) == ([4], 6)

    scenario()


@pytest.mark.parametrize("together", [True, False])
def test_a_form_that_sets_nothing_deletes(together: bool) -> None:
    @bench
    async def scenario(b: Bench) -> None:
        if not together:
            b.endpoint.raises = [ClientError({"Error": {"Code": "500"}}, "BatchExecuteStatement")]
        gone, stays = await asyncio.gather(b.drop("0"), b.drop("1", CLOSED), return_exceptions=True)
        assert gone["status"] == OPEN
        assert isinstance(stays, Refused)
        assert (await b.row("1"))["status"] == OPEN
        # Of what is not there PartiQL says that nothing was deleted, and DeleteItem that the condition does not hold.
        (again,) = await asyncio.gather(b.drop("0"), return_exceptions=True)
        assert again is None if together else isinstance(again, Refused)
        assert (b.endpoint.batches, b.endpoint.singles) == (([2, 1], 0) if together else ([2], 3))

    scenario()


@bench
async def test_an_endpoint_that_was_only_busy_is_asked_again(b: Bench) -> None:
    b.endpoint.raises = [ClientError({"Error": {"Code": "ThrottlingException"}}, "BatchExecuteStatement")]
    with pytest.raises(ClientError):
        await b.count("0")
    await b.count("0")
    assert (b.endpoint.batches, b.endpoint.singles) == ([1, 1], 0)
