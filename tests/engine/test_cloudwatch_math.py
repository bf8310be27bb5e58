"""Metric math: the grammar, the functions, and a word for everything that is not supported."""

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.cloudwatch.expression import ExpressionError, parse
from tests.engine.watch import HOUR, MINUTE, Watch

#: Ten minutes: a has 1 to 5 in the first five, b has 10 in the second and the fourth.
A, B = {0: 1.0, 60: 2.0, 120: 3.0, 180: 4.0, 240: 5.0}, {60: 10.0, 180: 20.0}


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    with closing(Watch()) as made:
        for name, points in (("a", A), ("b", B)):
            for at, value in points.items():
                made.put(name, value, HOUR + at)
        yield made


def queries(*expressions: str) -> list[dict[str, Any]]:
    metrics = [
        {
            "Id": name,
            "MetricStat": {"Metric": {"Namespace": "n", "MetricName": name}, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }
        for name in ("a", "b", "none")
    ]
    return [*metrics, *({"Id": f"e{number}", "Expression": text} for number, text in enumerate(expressions, 1))]


def value_of(watch: Watch, *expressions: str) -> dict[int, float]:
    """The last expression's points by seconds."""
    result = watch.data(queries(*expressions), HOUR, HOUR + 10 * MINUTE)[-1]
    return {
        round(at.timestamp()) - HOUR: value for at, value in zip(result["Timestamps"], result["Values"], strict=True)
    }


def everywhere(value: float) -> dict[int, float]:
    return dict.fromkeys(A, value)


EXPRESSIONS: list[tuple[str, dict[int, float]]] = [
    ("a + 1", {at: value + 1 for at, value in A.items()}),
    ("2 ^ 3 ^ 2 + 0 * a", everywhere(512)),
    ("-2 ^ 2 + 0 * a", everywhere(-4)),
    ("(1 + 2) * 3 - 4 / 2 + 0 * a", everywhere(7)),
    ("1.5e1 + .5 + 0 * a", everywhere(15.5)),
    ("a / b", {60: 0.2, 180: 0.2}),
    ("a / 0", {}),
    ("a > 3", {0: 0, 60: 0, 120: 0, 180: 1, 240: 1}),
    ("a >= 2 && a < 4", {0: 0, 60: 1, 120: 1, 180: 0, 240: 0}),
    ("a == 1 OR a == 5", {0: 1, 60: 0, 120: 0, 180: 0, 240: 1}),
    ("SUM(METRICS())", {0: 1, 60: 12, 120: 3, 180: 24, 240: 5}),
    ("MAX([a, b])", {0: 1, 60: 10, 120: 3, 180: 20, 240: 5}),
    ("MIN(METRICS('a'))", A),
    ("AVG(METRICS())", {0: 1, 60: 6, 120: 3, 180: 12, 240: 5}),
    ("SUM(a)", everywhere(15)),
    ("AVG(a)", everywhere(3)),
    ("MAX(a) - MIN(a)", everywhere(4)),
    ("STDDEV(a)", everywhere(2**0.5)),
    ("a - AVG(a)", {0: -2, 60: -1, 120: 0, 180: 1, 240: 2}),
    ("METRIC_COUNT(METRICS()) + 0 * a", everywhere(3)),
    ("DATAPOINT_COUNT(b) * PERIOD(b)", {60: 120, 180: 120}),
    ("FILL(b, 0)", dict.fromkeys(range(0, 600, 60), 0.0) | B),
    ("FILL(b, REPEAT)", {60: 10, 120: 10} | dict.fromkeys(range(180, 600, 60), 20.0)),
    ("FILL(b, LINEAR)", {60: 10, 120: 15, 180: 20}),
    ("FILL(none, 7)", dict.fromkeys(range(0, 600, 60), 7.0)),
    ("SUM(FILL(METRICS(), 0))", {at: A.get(at, 0) + B.get(at, 0) for at in range(0, 600, 60)}),
    ("IF(a > 2, a, 0)", {0: 0, 60: 0, 120: 3, 180: 4, 240: 5}),
    ("IF(a > 2, a)", {120: 3, 180: 4, 240: 5}),
    ("IF(a > 2, b, a)", {0: 1, 60: 2, 180: 20}),
    ("RATE(a) * 60", {60: 1, 120: 1, 180: 1, 240: 1}),
    ("DIFF(b)", {180: 10}),
    ("DIFF_TIME(b)", {180: 120}),
    ("RUNNING_SUM(a)", {0: 1, 60: 3, 120: 6, 180: 10, 240: 15}),
    ("ABS(1 - a)", {0: 0, 60: 1, 120: 2, 180: 3, 240: 4}),
    ("CEIL(a / 2) + FLOOR(a / 2)", A),
    ("LOG10(b * 10)", {60: 2, 180: pytest.approx(2.30103)}),
    ("TIME_SERIES(5)", dict.fromkeys(range(0, 600, 60), 5.0)),
    ("none + 1", {}),
    ("SUM(none)", {}),
]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_expressions_are_calculated(watch: Watch, text: str, expected: dict[int, float]) -> None:
    assert value_of(watch, text) == pytest.approx(expected)


def test_expressions_name_each_other_in_any_order(watch: Watch) -> None:
    assert value_of(watch, "e2 * 10", "a + 1") == {at: value + 1 for at, value in A.items()}
    assert value_of(watch, "a + 1", "e1 * 10") == {at: 10 * (value + 1) for at, value in A.items()}


def test_a_long_chain_of_doubling_is_quick(watch: Watch) -> None:
    chain = ["a + 0", *(f"e{number} + e{number}" for number in range(1, 60))]
    assert value_of(watch, *chain)[0] == 2.0**59


def test_an_array_gives_a_result_for_each_line(watch: Watch) -> None:
    results = watch.data(queries("METRICS() * 2"), HOUR, HOUR + 600)
    assert [(result["Id"], result["Label"], len(result["Values"])) for result in results] == [
        ("e1", "a", 5),
        ("e1", "b", 2),
        ("e1", "none", 0),
    ]


def test_a_label_can_hold_figures(watch: Watch) -> None:
    given = queries("a * 2")
    given[-1]["Label"] = "Double [max ${MAX}, last ${LAST}, ${UNKNOWN}]"
    assert watch.data(given, HOUR, HOUR + 600)[0]["Label"] == "Double [max 10, last 10, ${UNKNOWN}]"


MISTAKES = [
    (["a +"], "Error in expression 'e1': Unexpected 'end of the expression'\n"),
    (["(a"], "Error in expression 'e1': Expected ')' before 'end of the expression'\n"),
    (["a $ b"], "Error in expression 'e1': Unexpected '$'\n"),
    (["a b"], "Error in expression 'e1': Unexpected 'b'\n"),
    (["c + 1"], "Error in expression 'e1': Undefined identifier 'c'"),
    (["MEDIAN(a)"], "Error in expression 'e1': Function 'MEDIAN' not found"),
    (
        ["SEARCH('{n} m', 'Sum')"],
        "Error in expression 'e1': Function 'SEARCH' is not supported by the embedded CloudWatch",
    ),
    (
        ['SELECT AVG(x) FROM SCHEMA("n", y)'],
        "Error in expression 'e1': Metrics Insights queries are not supported by the embedded CloudWatch\n",
    ),
    (["IF(a)"], "Error in expression 'e1': Function 'IF' needs 2 to 3 arguments and has 1"),
    (["e2", "e1"], "Error in expression 'e1': Identifier 'e1' is defined by itself"),
    (["METRICS() + METRICS()"], "Error in expression 'e1': Operator '+' cannot combine two arrays of time series"),
    (["'text'"], "Error in expression 'e1': A string stands where a time series or a number is needed"),
    (["RATE(5)"], "Error in expression 'e1': Function 'RATE' needs a time series"),
    (["(" * 60 + "a" + ")" * 60], "Error in expression 'e1': It is nested too deeply\n"),
    (
        ["[METRICS(),METRICS()]", *(f"[{','.join([f'e{number}'] * 9)}]" for number in range(1, 4))],
        "Error in expression 'e4': An array has more than 500 time series",
    ),
]


@pytest.mark.parametrize(("expressions", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_mistakes_are_named(watch: Watch, expressions: list[str], message: str) -> None:
    times = {"StartTime": HOUR, "EndTime": HOUR + 600}
    assert watch.refusal("GetMetricData", MetricDataQueries=queries(*expressions), **times) == (
        "ValidationError",
        message,
    )


def test_filling_ages_is_refused_rather_than_done(watch: Watch) -> None:
    times = {"StartTime": 0, "EndTime": HOUR}
    refusal = watch.refusal("GetMetricData", MetricDataQueries=queries("FILL(a, 0)"), **times)
    assert refusal == ("ValidationError", "Error in expression 'e1': It would give more than 100800 data points")


@given(st.text(alphabet="ab12()[]+-*/^<>=!&|,.\"' \tSUMFILL", max_size=60))
def test_any_text_is_an_expression_or_a_mistake(text: str) -> None:
    with suppress(ExpressionError):
        parse(text)
