"""A table against a plain dict: whatever is put, updated, deleted and indexed, both say the same."""

from decimal import Decimal
from typing import Any
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infra.local.dynamodb import chores
from tests.dynamodb.conftest import open_world, orders_definition, refusal_of
from tests.dynamodb.strategies import NUMBERS, SCALARS

HASHES = st.sampled_from(["p", "q", "é"])
RANGES = st.sampled_from(["-10", "-2", "-1.5", "0", "0.5", "3", "20", "1e3"])
STATES = st.sampled_from(["open", "done"])
RANKS = st.sampled_from(["-1", "0", "2.5", "10"])
NAMES = st.sampled_from(["a", "b", "type"])

Row = dict[str, Any]
#: Hash and range.
At = tuple[str, Decimal]

PK, STATE, RANK = ("pk", "HASH"), ("state", "HASH"), ("rank_", "RANGE")
#: Comes and goes while the machine runs.
BY_RANK_OF_STATE = {
    "IndexName": "by-rank-of-state",
    "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in (STATE, RANK)],
    "Projection": {"ProjectionType": "ALL"},
}
RANK_TYPE = {"AttributeName": "rank_", "AttributeType": "N"}
LOCAL = {
    "IndexName": "by-rank",
    "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in (PK, RANK)],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
#: What a step back-fills in these tests, so that most indexes take several.
STEP_ROWS = 2


class TableMachine(RuleBasedStateMachine):
    """Drives one table and one dict with the same calls."""

    def __init__(self) -> None:
        super().__init__()
        self.world = open_world()
        self.rows: dict[At, Row] = {}
        #: Whether the index that comes and goes is there.
        self.ranked = False
        self.steps = mock.patch.object(chores, "STEP_ROWS", STEP_ROWS)
        self.steps.start()

    def teardown(self) -> None:
        self.steps.stop()
        self.world.db.close()

    @initialize()
    def create(self) -> None:
        definition = orders_definition("N")
        definition["AttributeDefinitions"].append(RANK_TYPE)
        self.world.call("CreateTable", TableName="orders", **definition, LocalSecondaryIndexes=[LOCAL])

    @staticmethod
    def key(hash_: str, range_: str) -> Row:
        return {"pk": {"S": hash_}, "sk": {"N": range_}}

    @rule(
        hash_=HASHES,
        range_=RANGES,
        state=st.none() | STATES,
        due=st.none() | NUMBERS,
        rank=st.none() | RANKS,
        others=st.dictionaries(NAMES, SCALARS, max_size=2),
        absent=st.booleans(),
        batch=st.booleans(),
    )
    def put(
        self,
        hash_: str,
        range_: str,
        state: str | None,
        due: str | None,
        rank: str | None,
        others: Row,
        absent: bool,
        batch: bool,
    ) -> None:
        item = {**self.key(hash_, range_), **others}
        if state is not None:
            item["state"] = {"S": state}
        if due is not None:
            item["due"] = {"N": due}
        if rank is not None:
            item["rank_"] = {"N": rank}
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

    @rule(hash_=HASHES, range_=RANGES, state=st.none() | STATES, amount=NUMBERS, rank=RANKS)
    def update(self, hash_: str, range_: str, state: str | None, amount: str, rank: str) -> None:
        """Adds to `due` and `rank_`, which moves the item in its indexes, and sets or removes an index's hash key."""
        at = (hash_, Decimal(range_))
        values = {":n": {"N": amount}, ":r": {"N": rank}}
        if state is not None:
            values[":s"] = {"S": state}
        new = self.world.call(
            "UpdateItem",
            TableName="orders",
            Key=self.key(hash_, range_),
            UpdateExpression=f"{'REMOVE #s' if state is None else 'SET #s = :s'} ADD due :n, rank_ :r",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
        )["Attributes"]
        row = self.rows.setdefault(at, plain(self.key(hash_, range_)))
        row["due"] = {"N": row.get("due", {"N": Decimal(0)})["N"] + Decimal(amount)}
        row["rank_"] = {"N": row.get("rank_", {"N": Decimal(0)})["N"] + Decimal(rank)}
        row.pop("state", None)
        if state is not None:
            row["state"] = {"S": state}
        assert plain(new) == row

    @rule(
        parts=st.lists(
            st.tuples(st.sampled_from(["Put", "Update", "Delete", "ConditionCheck"]), HASHES, RANGES, st.booleans()),
            min_size=1,
            max_size=4,
            unique_by=lambda part: (part[1], Decimal(part[2])),
        )
    )
    def transact(self, parts: list[tuple[str, str, str, bool]]) -> None:
        """Each part asks that its item is there, or that it is not; one that is wrong undoes all."""
        actions: list[Row] = []
        wanted = dict(self.rows)
        codes: list[str] = []
        for kind, hash_, range_, there in parts:
            at, key = (hash_, Decimal(range_)), self.key(hash_, range_)
            action: Row = {
                "TableName": "orders",
                "ConditionExpression": "attribute_exists(pk)" if there else "attribute_not_exists(pk)",
            }
            codes.append("None" if (at in self.rows) == there else "ConditionalCheckFailed")
            if kind == "Put":
                action["Item"] = {**key, "state": {"S": "open"}, "due": {"N": "7"}}
                wanted[at] = plain(action["Item"])
            else:
                action["Key"] = key
            if kind == "Update":
                action |= {"UpdateExpression": "SET rank_ = :r", "ExpressionAttributeValues": {":r": {"N": "2.5"}}}
                wanted[at] = {**wanted.get(at, plain(key)), "rank_": {"N": Decimal("2.5")}}
            elif kind == "Delete":
                wanted.pop(at, None)
            actions.append({kind: action})
        error = refusal_of(lambda: self.world.call("TransactWriteItems", TransactItems=actions))
        if any(code != "None" for code in codes):
            assert error is not None
            assert [reason["Code"] for reason in error.fields["CancellationReasons"]] == codes
        else:
            assert error is None
            self.rows = wanted

    @precondition(lambda self: not self.ranked)
    @rule()
    def make_index(self) -> None:
        self.world.call(
            "UpdateTable",
            TableName="orders",
            AttributeDefinitions=[{"AttributeName": "state", "AttributeType": "S"}, RANK_TYPE],
            GlobalSecondaryIndexUpdates=[{"Create": BY_RANK_OF_STATE}],
        )
        self.ranked = True

    @precondition(lambda self: self.ranked)
    @rule()
    def drop_index(self) -> None:
        drop = [{"Delete": {"IndexName": "by-rank-of-state"}}]
        params: dict[str, Any] = {"TableName": "orders", "GlobalSecondaryIndexUpdates": drop}
        if self.world.call("DescribeTable", TableName="orders")["Table"]["TableStatus"] == "UPDATING":
            assert self.world.refusal("UpdateTable", **params).code == "ResourceInUseException"
            return
        self.world.call("UpdateTable", **params)
        self.ranked = False

    @rule()
    def tick(self) -> None:
        self.world.tick()

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
    def query_global_index(self, state: str, bound: str, forward: bool, limit: int) -> None:
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

    @rule(hash_=HASHES, bound=RANKS, forward=st.booleans(), limit=st.integers(1, 4), whole=st.booleans())
    def query_local_index(self, hash_: str, bound: str, forward: bool, limit: int, whole: bool) -> None:
        found = self.pages(
            limit,
            IndexName="by-rank",
            KeyConditionExpression="pk = :p AND rank_ <= :r",
            ExpressionAttributeValues={":p": {"S": hash_}, ":r": {"N": bound}},
            ScanIndexForward=forward,
            ConsistentRead=True,
            **({"Select": "ALL_ATTRIBUTES"} if whole else {}),
        )
        rows = [
            row if whole else {name: row[name] for name in ("pk", "sk", "rank_")}
            for row in self.rows.values()
            if row["pk"] == {"S": hash_} and "rank_" in row and row["rank_"]["N"] <= Decimal(bound)
        ]
        rows.sort(key=lambda row: (row["rank_"]["N"], row["sk"]["N"]), reverse=not forward)
        assert [plain(item) for item in found] == rows

    @precondition(lambda self: self.ranked)
    @rule(state=STATES, limit=st.integers(1, 4))
    def query_the_index_that_came(self, state: str, limit: int) -> None:
        params: dict[str, Any] = {
            "IndexName": "by-rank-of-state",
            "KeyConditionExpression": "#s = :s",
            "ExpressionAttributeNames": {"#s": "state"},
            "ExpressionAttributeValues": {":s": {"S": state}},
        }
        if self.world.call("DescribeTable", TableName="orders")["Table"]["TableStatus"] == "UPDATING":
            assert "backfilling" in self.world.message("Query", TableName="orders", **params)
            return
        rows = [row for row in self.rows.values() if row.get("state") == {"S": state} and "rank_" in row]
        rows.sort(key=lambda row: (row["rank_"]["N"], row["pk"]["S"], row["sk"]["N"]))
        assert [plain(item) for item in self.pages(limit, **params)] == rows

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
