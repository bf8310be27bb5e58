"""Arbitrary statements: an answer or an AwsError, never anything else, and never a write by what was refused."""

from functools import partial
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.dynamodb.conftest import open_world, orders_definition, refusal_of
from tests.dynamodb.strategies import VALUES

WORDS = st.sampled_from(
    """
    SELECT * FROM orders orders."by-state" WHERE UPDATE SET REMOVE INSERT INTO VALUE DELETE RETURNING ALL MODIFIED
    NEW OLD EXISTS( pk sk state due a m.x l[0] "x" 'a' '1' = <> != < <= > >= AND OR NOT IN BETWEEN IS NULL MISSING
    STRING ( ) [ ] { } << >> , . : ? 1 -1 + - * size( contains( begins_with( attribute_type( attribute_exists(
    set_add( set_delete( list_append( ORDER BY ASC DESC AS -- /* */ ; true null 1e5 LIKE ||
    """.split()  # noqa: SIM905 - words read better as a line
)
STATEMENTS = st.one_of(
    st.lists(WORDS, min_size=1, max_size=16).map(" ".join),
    st.lists(WORDS, max_size=8).map(lambda words: f"SELECT * FROM orders WHERE pk = ? AND {' '.join(words)}"),
    st.lists(WORDS, max_size=8).map(lambda words: f"UPDATE orders SET a = {' '.join(words)} WHERE pk = ? AND sk = ?"),
    st.lists(WORDS, max_size=8).map(
        lambda words: f"INSERT INTO orders VALUE {{'pk': ?, 'sk': '1', 'a': {' '.join(words)}}}"
    ),
    st.text(min_size=1, max_size=30),
)
ITEM = {"pk": {"S": "1"}, "sk": {"S": "1"}, "a": {"N": "1"}, "m": {"M": {"x": {"SS": ["a"]}}}, "l": {"L": [{"N": "1"}]}}


@settings(deadline=None)
@given(statement=STATEMENTS, parameters=st.lists(VALUES | st.just({"S": "1"}), max_size=3))
@example("SELECT * FROM orders WHERE a = " + "1 + " * 1500 + "1", [])
@example("UPDATE orders SET a = " + "1 + " * 1500 + "1 WHERE pk = '1' AND sk = '1'", [])
@example("SELECT * FROM orders WHERE " + "a = 1 AND " * 700 + "a = 1", [])
@example("SELECT * FROM orders WHERE a" + " IS NULL" * 900, [])
@example("SELECT * FROM orders WHERE " + "NOT " * 1000 + "a = 1", [])
@example("INSERT INTO orders VALUE " + "[" * 2000, [])
def test_no_statement_breaks_an_operation(statement: str, parameters: list[dict[str, Any]]) -> None:
    world = open_world()
    world.call("CreateTable", TableName="orders", **orders_definition())
    world.call("PutItem", TableName="orders", Item=ITEM)
    member: dict[str, Any] = {"Statement": statement} | ({"Parameters": parameters} if parameters else {})
    for operation, params in (
        ("ExecuteStatement", member),
        ("BatchExecuteStatement", {"Statements": [member]}),
        ("ExecuteTransaction", {"TransactStatements": [member]}),
    ):
        before = world.items("orders")
        error = refusal_of(partial(world.call, operation, **params))
        if error is not None:
            assert error.status == 400
            error.message.encode()
            assert world.items("orders") == before
    world.db.close()
