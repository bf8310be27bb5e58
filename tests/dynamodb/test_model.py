"""A table against a plain dict: whatever is put, updated and deleted, both say the same."""

from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.dynamodb.conftest import open_world, orders_definition, refusal_of
from tests.dynamodb.strategies import NUMBERS, SCALARS

HASHES = st.sampled_from(["p", "q", "é"])
RANGES = st.sampled_from(["-10", "-2", "-1.5", "0", "0.5", "3", "20", "1e3"])
STATES = st.sampled_from(["open", "done"])
NAMES = st.sampled_from(["a", "b", "type"])

Row = dict[str, Any]


class TableMachine(RuleBasedStateMachine):
    """Drives one table and one dict with the same calls."""

    def __init__(self) -> None:
        super().__init__()
        self.world = open_world()
        self.world.call("CreateTable", TableName="orders", **orders_definition("N"))
        self.rows: dict[tuple[str, Decimal], Row] = {}

    def teardown(self) -> None:
        self.world.db.close()

    @staticmethod
    def key(hash_: str, range_: str) -> Row:
        return {"pk": {"S": hash_}, "sk": {"N": range_}}

    @rule(
        hash_=HASHES,
        range_=RANGES,
        state=st.none() | STATES,
        due=st.none() | NUMBERS,
        others=st.dictionaries(NAMES, SCALARS, max_size=2),
        absent=st.booleans(),
        batch=st.booleans(),
    )
    def put(
        self, hash_: str, range_: str, state: str | None, due: str | None, others: Row, absent: bool, batch: bool
    ) -> None:
        item = {**self.key(hash_, range_), **others}
        if state is not None:
            item["state"] = {"S": state}
        if due is not None:
            item["due"] = {"N": due}
        at = (hash_, Decimal(range_))
        if batch:
            self.world.call("BatchWriteItem", RequestItems={"orders": [{"PutRequest": {"Item": item}}]})
            self.rows[at] = plain(item)
            return
        condition = {"ConditionExpression": "attribute_not_exists(pk)"} if absent else {}
        error = refusal_of(lambda: self.world.call("PutItem", TableName="orders", Item=item, **condition))
        if absent and at in self.rows:
            assert error is not None
            assert error.code == "ConditionalCheckFailedException"
        else:
            assert error is None
            self.rows[at] = plain(item)

    @rule(hash_=HASHES, range_=RANGES)
    def delete(self, hash_: str, range_: str) -> None:
        old = self.world.call(
            "DeleteItem", TableName="orders", Key=self.key(hash_, range_), ReturnValues="ALL_OLD"
        ).get("Attributes")
        assert (None if old is None else plain(old)) == self.rows.pop((hash_, Decimal(range_)), None)

    @rule(hash_=HASHES, range_=RANGES, state=st.none() | STATES, amount=NUMBERS)
    def update(self, hash_: str, range_: str, state: str | None, amount: str) -> None:
        """Adds to `due`, which moves the item in the index, and sets or removes the index's hash key."""
        at = (hash_, Decimal(range_))
        values = {":n": {"N": amount}}
        if state is not None:
            values[":s"] = {"S": state}
        new = self.world.call(
            "UpdateItem",
            TableName="orders",
            Key=self.key(hash_, range_),
            UpdateExpression=f"{'REMOVE #s' if state is None else 'SET #s = :s'} ADD due :n",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
        )["Attributes"]
        row = self.rows.setdefault(at, plain(self.key(hash_, range_)))
        row["due"] = {"N": row.get("due", {"N": Decimal(0)})["N"] + Decimal(amount)}
        row.pop("state", None)
        if state is not None:
            row["state"] = {"S": state}
        assert plain(new) == row

    @rule(hash_=HASHES, low=RANGES, high=RANGES, forward=st.booleans(), limit=st.integers(1, 4))
    def query(self, hash_: str, low: str, high: str, forward: bool, limit: int) -> None:
        low, high = sorted([low, high], key=Decimal)
        found = self.pages(
            limit,
            KeyConditionExpression="pk = :p AND sk BETWEEN :l AND :h",
            ExpressionAttributeValues={":p": {"S": hash_}, ":l": {"N": low}, ":h": {"N": high}},
            ScanIndexForward=forward,
        )
        wanted = [
            row
            for (pk, sk), row in sorted(self.rows.items(), reverse=not forward)
            if pk == hash_ and Decimal(low) <= sk <= Decimal(high)
        ]
        assert [plain(item) for item in found] == wanted

    @rule(state=STATES, bound=NUMBERS, forward=st.booleans(), limit=st.integers(1, 4))
    def query_index(self, state: str, bound: str, forward: bool, limit: int) -> None:
        found = self.pages(
            limit,
            IndexName="by-state",
            KeyConditionExpression="#s = :s AND due >= :d",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":s": {"S": state}, ":d": {"N": bound}},
            ScanIndexForward=forward,
        )
        held = {"pk", "sk", "state", "due", "type"}
        rows = [
            {name: value for name, value in row.items() if name in held}
            for row in self.rows.values()
            if row.get("state") == {"S": state} and "due" in row and row["due"]["N"] >= Decimal(bound)
        ]
        rows.sort(key=lambda row: (row["due"]["N"], row["pk"]["S"], row["sk"]["N"]), reverse=not forward)
        assert [plain(item) for item in found] == rows

    def pages(self, limit: int, **params: Any) -> list[Row]:
        found: list[Row] = []
        while True:
            page = self.world.call("Query", TableName="orders", Limit=limit, **params)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return found
            params["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    @invariant()
    def both_hold_the_same(self) -> None:
        items = {(item["pk"]["S"], Decimal(item["sk"]["N"])): plain(item) for item in self.world.items("orders")}
        assert items == self.rows


def plain(item: Row) -> Row:
    """An item with its numbers as Decimals, to compare values rather than texts."""
    return {name: {"N": Decimal(value["N"])} if "N" in value else dict(value) for name, value in item.items()}


TestTableAgainstADict = TableMachine.TestCase
TestTableAgainstADict.settings = settings(deadline=None)
