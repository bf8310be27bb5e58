"""PartiQL's grammar: what is read, and the exact refusal of what is not.

The messages are AWS's, as public conformance suites recorded them.
"""

from typing import Any

import pytest

from tests.dynamodb.conftest import KEY_ONLY, World

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
LEFTOVER = NOT_WELL_FORMED + "Unexpected token after expression"
UNEXPECTED_TERM = NOT_WELL_FORMED + "Unexpected term"
NO_RIGHT_SIDE = NOT_WELL_FORMED + "Missing right-hand side expression of infix operator"
NO_DATA_MANIPULATION = NOT_WELL_FORMED + "Expected data manipulation"
NO_IDENTIFIER = NOT_WELL_FORMED + "Expected identifier for simple path"
UNEXPECTED_OPERATOR = NOT_WELL_FORMED + "Unexpected operator"
UNEXPECTED_KEYWORD = NOT_WELL_FORMED + "Unexpected keyword"
NO_ALIAS = "Aliasing is not supported"
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"


def refused(world: World, statement: str, *parameters: Any) -> str:
    given = {"Parameters": list(parameters)} if parameters else {}
    return world.message("ExecuteStatement", Statement=statement, **given)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT * FROM things WHERE pk = 'a' foo", LEFTOVER),
        ("SELECT * FROM things WHERE n = 1 e5", LEFTOVER),
        ("SELECT * FROM things WHERE n = 1)", LEFTOVER),
        ("INSERT INTO things VALUE {'pk': 'a'} foo", LEFTOVER),
        ("INSERT INTO things t VALUE {'pk': 'a'}", LEFTOVER),
        ("UPDATE things SET a = 9 WHERE pk = 'a' foo", LEFTOVER),
        ("UPDATE things REMOVE a, b WHERE pk = 'a'", LEFTOVER),
        ("DELETE FROM things WHERE pk = 'a' ORDER BY pk", LEFTOVER),
        ("SELECT * FROM things ORDER BY pk WHERE pk = 'a'", LEFTOVER),
        ("FROM things SET c = 1 WHERE pk = 'a'", LEFTOVER),
        ("SELECTT * FROMM things", LEFTOVER),
        ("SELECT * FROM things WHERE pk = 'a' # note", NOT_WELL_FORMED),
        ("SELECT * FROM things WHERE pk = 'a' /* note", NOT_WELL_FORMED),
        ("SELECT * FROM things WHERE pk = 'a", NOT_WELL_FORMED),
        ('SELECT * FROM "things', NOT_WELL_FORMED),
        ("SELECT * FROM things WHERE n = 1e2147483648", NOT_WELL_FORMED),
        ("SELECT * FROM things WHERE n = 1e99999999999", NOT_WELL_FORMED),
        ("SELECT * FROM things WHERE n = 1.5e-2147483647", NOT_WELL_FORMED),
        ("SELECT * FROM things WHERE", UNEXPECTED_TERM),
        ("SELECT * FROM things WHERE;", UNEXPECTED_TERM),
        ("SELECT * FROM nowhere WHERE", UNEXPECTED_TERM),
        ("SELECT * FROM things WHERE NOT", UNEXPECTED_TERM),
        ("SELECT * FROM things WHERE (", UNEXPECTED_TERM),
        ("UPDATE things SET a = 1 WHERE", UNEXPECTED_TERM),
        ("SELECT * FROM", UNEXPECTED_TERM),
        ("SELECT * FROM things WHERE pk = 'a' AND", NO_RIGHT_SIDE),
        ("SELECT * FROM things WHERE pk =", NO_RIGHT_SIDE),
        ("SELECT * FROM things WHERE ORDER BY pk", UNEXPECTED_KEYWORD),
        ("SELECT * FROM things WHERE user = 1", UNEXPECTED_KEYWORD),
        ("SELECT * FROM things WHERE IS NULL", UNEXPECTED_OPERATOR),
        ("SELECT * FROM things WHERE pk = LIKE", UNEXPECTED_OPERATOR),
        ("SELECT * FROM things WHERE x IS FOO", NOT_WELL_FORMED + "Expected type name"),
        ("SELECT * FROM things WHERE m.inner = 1", NOT_WELL_FORMED + "Invalid path dot component"),
        ("SLECT * FROM things WHERE pk = 'a'", NO_DATA_MANIPULATION),
        ("UPDATE things WHERE pk = 'a'", NO_DATA_MANIPULATION),
        ("DELETE FROM", NO_IDENTIFIER),
        ("DELETE FROM;", NO_IDENTIFIER),
        ("DELETE FROM WHERE pk = 'a'", NO_IDENTIFIER),
        ("UPDATE things SET size = 1 WHERE pk = 'a'", NO_IDENTIFIER),
        ("UPDATE things SET a 1 WHERE pk = 'a'", NOT_WELL_FORMED + "Expected '='"),
        ("SELECT * FROM things t WHERE pk = 'x'", NO_ALIAS),
        ("SELECT * FROM things AS t WHERE pk = 'x'", NO_ALIAS),
        ("UPDATE things t SET a = 3 WHERE pk = 'x'", NO_ALIAS),
        ("DELETE FROM things t WHERE pk = 'x'", NO_ALIAS),
        ("x IS INT4", "Unsupported operation: IsType"),
        ("x IS DOUBLE PRECISION", "Unsupported operation: IsType"),
        ("x IS CHARACTER VARYING", "Unsupported operation: IsType"),
    ],
)
def test_what_is_no_statement_is_refused_in_the_words_of_aws(world: World, statement: str, message: str) -> None:
    assert refused(world, statement) == message


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT * FROM things WHERE n = 1e126", f"{OVERFLOW} under root"),
        ("SELECT * FROM things WHERE n = 1e-131", f"{UNDERFLOW} under root"),
        ("INSERT INTO things VALUE {'pk': 'a', 'm': {'x': 1e126}}", f"{OVERFLOW} under root.x"),
        ("INSERT INTO things VALUE {'pk': 'a', 'l': [1, 1e126]}", f"{OVERFLOW} under root[1]"),
        ("UPDATE things SET a = 1e-131 WHERE pk = 'a'", f"{UNDERFLOW} under root"),
        ("INSERT INTO things VALUE {'pk': 'a', 's': <<>>}", "Empty bags are not supported"),
        (
            "INSERT INTO things VALUE {'pk': 'a', 's': <<'x', 'x'>>}",
            "One or more parameter values were invalid: Input collection [x, x] contains duplicates.",
        ),
        (
            "INSERT INTO things VALUE {'pk': 'a', 's': set_add(<<'x'>>, <<'y'>>)}",
            "Unsupported data type: set_add under key root at 1:43:7",
        ),
    ],
)
def test_a_literal_that_is_no_value_is_named_with_its_place(world: World, statement: str, message: str) -> None:
    assert refused(world, statement) == message


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            "attribute_exists('ss')",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "attribute_exists()",
            "Incorrect number of operands for operator or function; operator or function: attribute_exists, "
            "number of operands: 0",
        ),
        (
            "attribute_exists(a, b)",
            "Incorrect number of operands for operator or function; operator or function: attribute_exists, "
            "number of operands: 2",
        ),
        ("EXISTS(ss)", "Unrecognized function: exists at 1:28:6"),
        ("set_add(ss, <<'x'>>) = ss", "Unrecognized function: set_add at 1:28:7"),
    ],
)
def test_a_function_is_refused_with_its_place(world: World, condition: str, message: str) -> None:
    assert refused(world, f"SELECT * FROM things WHERE {condition}") == message


def test_a_place_counts_lines(world: World) -> None:
    assert refused(world, "SELECT *\nFROM things\n  WHERE foo(a)") == "Unrecognized function: foo at 3:9:3"


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("t = set_add(ss, <<'x'>>)", "The first argument to SET_ADD must equal the assignment value at 1:23:7"),
        (
            "ss = set_delete(<<'a'>>, <<'b'>>)",
            "The first argument to SET_DELETE must equal the assignment value at 1:24:10",
        ),
        ("ss = set_add(ss, 'x')", "The second argument to SET_ADD must be a value with type SET at 1:32:2"),
        ("ss = set_add(ss, ['x'])", "The second argument to SET_ADD must be a value with type SET at 1:32:2"),
        ("ss = set_add(ss)", "SET_ADD must have exactly two arguments at 1:24:7"),
    ],
)
def test_the_set_functions_say_what_they_take(world: World, assignment: str, message: str) -> None:
    assert refused(world, f"UPDATE things SET {assignment} WHERE pk = 'a'") == message


def test_a_parameter_of_a_set_function_must_be_a_set(world: World) -> None:
    message = refused(world, "UPDATE things SET n = set_add(n, ?) WHERE pk = 'a'", {"N": "1"})
    assert message == "The second argument to SET_ADD must be a value with type SET at 1:31:1"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT * FROM orders.\"no-such\" WHERE pk = 'p'", "The table does not have the specified index"),
        (
            "SELECT * FROM orders.\"by-state\".extra WHERE pk = 'p'",
            "A path may contain at most 2 components in the FROM clause",
        ),
        ("SELECT * FROM orders.\"\" WHERE pk = 'p'", "Path component cannot be an empty string"),
        ("SELECT * FROM \"\" WHERE pk = 'p'", "Path component cannot be an empty string"),
        (
            "INSERT INTO orders.\"by-state\" VALUE {'pk': 'p', 'sk': 's'}",
            "FROM clause may only contain a single table name",
        ),
        (
            "UPDATE orders.\"by-state\" SET a = 1 WHERE pk = 'p' AND sk = 's'",
            "This operation is not supported on an index",
        ),
        ("DELETE FROM orders.\"by-state\" WHERE pk = 'p' AND sk = 's'", "This operation is not supported on an index"),
        ("UPDATE orders SET a = 1 WHERE pk = 'p'", NO_KEY),
        ("UPDATE orders SET a = 1", NO_KEY),
        ("DELETE FROM orders WHERE pk = 'p' AND sk > 's'", NO_KEY),
        ("FROM things WHERE a = 1 SET c = 1", NO_KEY),
        (
            "DELETE FROM things WHERE pk = 'x' RETURNING MODIFIED OLD *",
            "Invalid returning clause: RETURNING MODIFIED OLD *. "
            "Only RETURNING ALL OLD * is allowed in DELETE statements.",
        ),
        ("SELECT attribute_exists(a) FROM things WHERE pk = 'a'", "Unexpected path component at 1:8:16"),
        ("EXISTS(SELECT * FROM things WHERE pk = 'a')", "EXISTS() is only supported in ExecuteTransaction"),
    ],
)
def test_what_a_table_does_not_allow(world: World, statement: str, message: str) -> None:
    assert refused(world, statement) == message


def test_a_table_that_does_not_exist_is_not_found(world: World) -> None:
    error = world.refusal("ExecuteStatement", Statement="FROM nowhere WHERE pk = 'x' SET c = 1")
    assert (error.code, error.message) == ("ResourceNotFoundException", "Requested resource not found")


@pytest.mark.parametrize("parameters", [[], [{"S": "a"}], [{"S": "a"}] * 3])
def test_there_are_as_many_parameters_as_question_marks(world: World, parameters: list[Any]) -> None:
    message = refused(world, "SELECT * FROM things WHERE pk = ? AND a = ?", *parameters)
    assert message == "Number of parameters in request and statement don't match."


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"N": "1e99999999999"}, "The parameter cannot be converted to a numeric value: 1e99999999999"),
        ({"N": "-1e2147483648"}, "The parameter cannot be converted to a numeric value: -1e2147483648"),
        ({"N": "1e2147483647"}, UNDERFLOW),
        ({"N": ""}, "The parameter cannot be converted to a numeric value"),
        ({"L": [{"N": "1"}, {"N": "abc"}]}, "The parameter cannot be converted to a numeric value: abc"),
        ({"NS": ["1", "1e99999999999"]}, "The parameter cannot be converted to a numeric value: 1e99999999999"),
    ],
)
def test_a_number_that_is_none_is_refused_as_a_parameter(world: World, parameter: Any, message: str) -> None:
    assert refused(world, "SELECT * FROM things WHERE pk = 'a' AND n = ?", parameter) == message


def test_the_first_wrong_parameter_is_named(world: World) -> None:
    deep: dict[str, Any] = {"S": "leaf"}
    for _ in range(40):
        deep = {"M": {"n": deep}}
    statement = "SELECT * FROM things WHERE pk = 'a' AND x = ? AND y = ?"
    nested = (
        "Nesting Levels have exceeded supported limits: "
        "Attributes in the item have nested levels beyond supported limit"
    )
    assert refused(world, statement, deep, {"N": "abc"}) == nested
    no_number = "The parameter cannot be converted to a numeric value: abc"
    assert refused(world, statement, {"N": "abc"}, deep) == no_number
    assert refused(world, statement, {"S": "x"}, {"M": {"bad": {"N": "abc"}, "d": deep}}) == no_number


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM \"things\" WHERE pk = 'a' -- a note",
        "-- a note\nSELECT * FROM things WHERE pk = 'a'",
        "SELECT * FROM things /* a note */ WHERE pk = 'a'",
        "select * from things where pk = 'a';",
        "SELECT * FROM things WHERE ((\"pk\" = 'a'))",
    ],
)
def test_comments_case_and_parentheses_change_nothing(world: World, statement: str) -> None:
    world.call("PutItem", TableName="things", Item={"pk": {"S": "a"}})
    world.call("PutItem", TableName="things", Item={"pk": {"S": "b"}})
    assert world.call("ExecuteStatement", Statement=statement)["Items"] == [{"pk": {"S": "a"}}]


@pytest.mark.parametrize("literal", ["7.31E6", "7.31e+6", "731e4", "73100000e-1", "7310000", "+7310000"])
def test_a_number_may_be_written_in_many_ways(world: World, literal: str) -> None:
    definition = KEY_ONLY | {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}]}
    world.call("CreateTable", TableName="numbers", **definition)
    world.call("ExecuteStatement", Statement=f"INSERT INTO numbers VALUE {{'pk': {literal}}}")
    assert world.items("numbers") == [{"pk": {"N": "7310000"}}]


def test_a_statement_has_at_most_8192_characters(world: World) -> None:
    statement = "SELECT * FROM things WHERE pk = 'a'".ljust(8193)
    assert refused(world, statement).endswith("Member must have length less than or equal to 8192")
    assert refused(world, "SELECT * FROM things WHERE " + "(" * 4000) == NOT_WELL_FORMED
