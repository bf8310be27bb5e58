"""The grammar: what is read how, and what is refused with which words."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.dynamodb.expressions.ast import (
    Add,
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Delete,
    In,
    Node,
    Not,
    Or,
    Path,
    Projection,
    Remove,
    Set,
    Update,
    Value,
)
from infra.local.dynamodb.expressions.parser import parse_condition, parse_projection, parse_update
from infra.local.dynamodb.expressions.reserved import RESERVED_WORDS
from infra.local.errors import AwsError
from tests.dynamodb.conftest import refusal_of

A, B, C, X, Y = Path(("a",)), Path(("b",)), Path(("c",)), Value(":x"), Value(":y")
A_IS_X, B_IS_X, C_IS_X = Compare("=", A, X), Compare("=", B, X), Compare("=", C, X)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a=:x", A_IS_X),
        (" a\t=\r\n:x ", A_IS_X),
        ("a = :x OR b = :x AND c = :x", Or((A_IS_X, And((B_IS_X, C_IS_X))))),
        ("(a = :x or b = :x) and c = :x", And((Or((A_IS_X, B_IS_X)), C_IS_X))),
        ("NOT a = :x AND b = :x", And((Not(A_IS_X), B_IS_X))),
        ("NOT (a = :x AND b = :x)", Not(And((A_IS_X, B_IS_X)))),
        ("NOT NOT a = :x", Not(Not(A_IS_X))),
        ("a BETWEEN :x AND :y AND b = :x", And((Between(A, X, Y), B_IS_X))),
        ("a between :x and :y", Between(A, X, Y)),
        ("a IN (:x, :y, b)", In(A, (X, Y, B))),
        ("(a) = (:x)", A_IS_X),
        ("(a = :x)", A_IS_X),
        (":x <> a", Compare("<>", X, A)),
        ("size(a) >= :x", Compare(">=", Call("size", (A,)), X)),
        ("attribute_exists(a.b[2].#c)", Call("attribute_exists", (Path(("a", "b", 2, "#c")),))),
        ("begins_with ( #1 , :x )", Call("begins_with", (Path(("#1",)), X))),
        ("a_ = :x", Compare("=", Path(("a_",)), X)),
        ("a[0][1] = :x", Compare("=", Path(("a", 0, 1)), X)),
    ],
)
def test_conditions(text: str, node: Node) -> None:
    assert parse_condition("ConditionExpression", text) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("SET a = :x", Update((Set(A, X),))),
        ("set a = b + :x, c = :y - b", Update((Set(A, Arithmetic("+", B, X)), Set(C, Arithmetic("-", Y, B))))),
        (
            "SET a = list_append(if_not_exists(a, :x), :y)",
            Update((Set(A, Call("list_append", (Call("if_not_exists", (A, X)), Y))),)),
        ),
        ("SET a = (b + :x)", Update((Set(A, Arithmetic("+", B, X)),))),
        ("REMOVE a, b[1]", Update((Remove(A), Remove(Path(("b", 1)))))),
        ("ADD a :x DELETE b :y", Update((Add(A, X), Delete(B, Y)))),
        ("REMOVE a SET b = :x", Update((Remove(A), Set(B, X)))),
    ],
)
def test_updates(text: str, node: Update) -> None:
    assert parse_update("UpdateExpression", text) == node


def test_projections() -> None:
    assert parse_projection("ProjectionExpression", "a, b.c , #d[0]") == Projection(
        (A, Path(("b", "c")), Path(("#d", 0)))
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "The expression can not be empty;"),
        ("  ", 'Syntax error; token: "<EOF>", near: "  "'),
        ("a", 'Syntax error; token: "<EOF>", near: "a"'),
        ("a =", 'Syntax error; token: "<EOF>", near: "="'),
        ("a = = :x", 'Syntax error; token: "=", near: "= = :x"'),
        ("a = :x b", 'Syntax error; token: "b", near: ":x b"'),
        ("a ! :x", 'Syntax error; token: "!", near: "a ! :x"'),
        ("a = :x AND", 'Syntax error; token: "<EOF>", near: "AND"'),
        ("(a = :x", 'Syntax error; token: "<EOF>", near: ":x"'),
        ("a = 5", 'Syntax error; token: "5", near: "= 5"'),
        ("(a = :x) = :y", 'Syntax error; token: "=", near: ") = :y"'),
        ("a.[0] = :x", 'Syntax error; token: "[", near: ".[0"'),
        ("a[b] = :x", 'Syntax error; token: "b", near: "[b]"'),
        ("a[:x] = :x", 'Syntax error; token: ":x", near: "[:x]"'),
        ("# = :x", 'Syntax error; token: "#", near: "# ="'),
        ("a BETWEEN :x", 'Syntax error; token: "<EOF>", near: ":x"'),
        ("a BETWEEN :x OR :y", 'Syntax error; token: "OR", near: ":x OR :y"'),
        ("a IN :x", 'Syntax error; token: ":x", near: "IN :x"'),
        ("a + b = :x", 'Syntax error; token: "+", near: "a + b"'),
        ("((a = :x))", "The expression has redundant parentheses;"),
        ("((a)) = :x", "The expression has redundant parentheses;"),
        ("nope(a)", "Invalid function name; function: nope"),
        ("nope(status)", "Invalid function name; function: nope"),
        ("status = :x AND nope(a)", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("status = nope(a) b", 'Syntax error; token: "b", near: ") b"'),
        ("remove = :x", 'Syntax error; token: "remove", near: "remove ="'),
        ("(a = :x) BETWEEN :x AND :y", 'Syntax error; token: "BETWEEN", near: ") BETWEEN :x"'),
        ("Size(a) = :x", "Invalid function name; function: Size"),
        ("if_not_exists(a, :x) = :x", "The function is not allowed in a condition expression; function: if_not_exists"),
        (
            "size(a, b) = :x",
            "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2",
        ),
        (
            "attribute_exists(:x)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        ("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
        (
            "contains(a, :x) = :y",
            "The function is not allowed to be used this way in an expression; function: contains",
        ),
        ("size = :x", "Attribute name is a reserved keyword; reserved keyword: size"),
        ("a.Status = :x", "Attribute name is a reserved keyword; reserved keyword: Status"),
        ("a[99999999999] = :x", "List index is not within the allowable range; index: [99999999999]"),
    ],
)
def test_refused_conditions(text: str, complaint: str) -> None:
    with pytest.raises(AwsError) as refused:
        parse_condition("ConditionExpression", text)
    assert refused.value.code == "ValidationException"
    assert refused.value.message == f"Invalid ConditionExpression: {complaint}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a = :x", 'Syntax error; token: "a", near: "a ="'),
        ("SET", 'Syntax error; token: "<EOF>", near: "SET"'),
        ("SET a", 'Syntax error; token: "<EOF>", near: "a"'),
        ("SET a = :x,", 'Syntax error; token: "<EOF>", near: ","'),
        ("SET a = :x SET b = :x", 'The "SET" section can only be used once in an update expression;'),
        ("ADD a b", 'Syntax error; token: "b", near: "a b"'),
        ("SET a = :x + :y + :x", 'Syntax error; token: "+", near: ":y + :x"'),
        ("SET a = nope(a)", "Invalid function name; function: nope"),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        (
            "SET a = if_not_exists(:x, :y)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        ("SET name = :x", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("REMOVE", 'Syntax error; token: "<EOF>", near: "REMOVE"'),
    ],
)
def test_refused_updates(text: str, complaint: str) -> None:
    with pytest.raises(AwsError) as refused:
        parse_update("UpdateExpression", text)
    assert refused.value.message == f"Invalid UpdateExpression: {complaint}"


def test_every_reserved_word_needs_a_placeholder_in_any_case() -> None:
    assert len(RESERVED_WORDS) == 573
    for word in RESERVED_WORDS:
        for spelling in (word, word.lower()):
            with pytest.raises(AwsError):
                parse_projection("ProjectionExpression", spelling)


def test_an_expression_of_4096_bytes_is_read_and_a_longer_one_is_not() -> None:
    assert parse_projection("ProjectionExpression", "x" * 4096)
    with pytest.raises(AwsError, match="exceeded the maximum allowed size; expression size: 4097"):
        parse_projection("ProjectionExpression", "x" * 4097)


def test_operators_are_limited_to_300() -> None:
    parse_condition("FilterExpression", " or ".join(["a=:x"] * 150))
    with pytest.raises(AwsError, match="too many operators"):
        parse_condition("FilterExpression", " or ".join(["a=:x"] * 151))


def test_in_takes_100_operands() -> None:
    choices = [f":v{number}" for number in range(101)]
    parse_condition("FilterExpression", f"a IN ({','.join(choices[:100])})")
    with pytest.raises(AwsError, match="number of operands: 101"):
        parse_condition("FilterExpression", f"a IN ({','.join(choices)})")


@pytest.mark.parametrize("text", ["(" * 4000, "NOT " * 1000 + "a = :x", "size(" * 800, "(NOT " * 400])
def test_bottomless_nesting_is_refused(text: str) -> None:
    with pytest.raises(AwsError):
        parse_condition("ConditionExpression", text)


WORDS = st.sampled_from(
    [
        "a",
        "b.c",
        "#n",
        ":v",
        ":w",
        "(",
        ")",
        "(",
        ")",
        ",",
        ".",
        "[0]",
        "[",
        "]",
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "IN",
        "SET",
        "REMOVE",
        "ADD",
        "DELETE",
        "size",
        "contains",
        "begins_with",
        "attribute_exists",
        "attribute_type",
        "if_not_exists",
        "list_append",
        "status",
        "7",
        "!",
        "é",
        "�",
    ]
)


@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=25).map(" ".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_condition, parse_update, parse_projection):
        refused = refusal_of(partial(parse, "Expression", text))
        if refused is not None:
            assert refused.code == "ValidationException"
            refused.message.encode()
