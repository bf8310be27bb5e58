"""What metric math calculates with: numbers, lines (a value at each moment), and arrays of lines.

Two lines are combined where both have a value. What has no result, such as a division by zero, leaves no value.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.cloudwatch.expression import ExpressionError


@dataclass(frozen=True, slots=True)
class Line:
    """A time series."""

    #: Epoch seconds -> value.
    points: dict[int, float]
    #: Seconds between two points.
    period: int
    #: The id of the query that it comes from.
    id: str = ""


Lines = tuple[Line, ...]
Value = float | Line | Lines

OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": lambda left, right: math.pow(left, right),
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "&&": lambda left, right: float(bool(left) and bool(right)),
    "||": lambda left, right: float(bool(left) or bool(right)),
}


def combined(operator: str, left: Value, right: Value) -> Value:
    """`left operator right`, for each line of an array."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        raise ExpressionError(f"Operator '{operator}' cannot combine two arrays of time series")
    if isinstance(left, tuple):
        return tuple(_combined_line(operator, line, right) for line in left)  # type: ignore[arg-type]
    if isinstance(right, tuple):
        return tuple(_combined_line(operator, left, line) for line in right)
    if isinstance(left, Line) or isinstance(right, Line):
        return _combined_line(operator, left, right)
    return _safely(OPERATORS[operator], left, right)


def _combined_line(operator: str, left: Line | float, right: Line | float) -> Line:
    calculate = OPERATORS[operator]
    if isinstance(left, Line) and isinstance(right, Line):
        points = {
            at: _safely(calculate, value, right.points[at]) for at, value in left.points.items() if at in right.points
        }
        return line_of(points, max(left.period, right.period), left.id)
    if isinstance(left, Line):
        return mapped(lambda value: calculate(value, right), left)  # type: ignore[arg-type]
    assert isinstance(right, Line)
    return mapped(lambda value: calculate(left, value), right)


def mapped(calculate: Callable[[float], float], line: Line) -> Line:
    """The line with each value replaced by what is calculated from it."""
    return line_of({at: _safely(calculate, value) for at, value in line.points.items()}, line.period, line.id)


def each(calculate: Callable[[float], float], value: Value) -> Value:
    """As `mapped`, for numbers and arrays too."""
    if isinstance(value, tuple):
        return tuple(mapped(calculate, line) for line in value)
    return mapped(calculate, value) if isinstance(value, Line) else _safely(calculate, value)


def line_of(points: dict[int, float], period: int, id: str = "") -> Line:
    """A line without those points that have no finite value."""
    return Line({at: value for at, value in points.items() if math.isfinite(value)}, period, id)


def _safely(calculate: Callable[..., float], *values: float) -> float:
    try:
        return calculate(*values)
    except (ArithmeticError, ValueError):
        return math.nan
