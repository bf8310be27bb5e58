"""The functions of metric math that the embedded CloudWatch has ("Using math expressions")."""

import math
import statistics
from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from infra.local.cloudwatch.expression import ExpressionError
from infra.local.cloudwatch.lines import Line, Lines, Value, each, line_of

#: Functions of one value that work on numbers, lines and arrays alike.
ELEMENTWISE: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
    "LOG": math.log,
    "LOG10": math.log10,
}

#: Functions that make one number of a line's values, or one line of an array's.
AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: math.fsum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "STDDEV": statistics.pstdev,
    "SUM": math.fsum,
}

#: Functions of a line that give a line.
SHAPES: dict[str, Callable[[Line], dict[int, float]]] = {
    "DIFF": lambda line: {at: now - before for (_, before), (at, now) in _steps(line)},
    "DIFF_TIME": lambda line: {at: float(at - since) for (since, _), (at, _) in _steps(line)},
    "RATE": lambda line: {at: (now - before) / (at - since) for (since, before), (at, now) in _steps(line)},
    "RUNNING_SUM": lambda line: dict(
        zip(sorted(line.points), accumulate(value for _, value in sorted(line.points.items())), strict=True)
    ),
}

#: AWS's further functions, named in errors so that nobody looks for a typing mistake.
MISSING = frozenset(
    [
        "ANOMALY_DETECTION_BAND",
        "DAY",
        "DB_PERF_INSIGHTS",
        "EPOCH",
        "FIRST",
        "HOUR",
        "INSIGHT_RULE_METRIC",
        "LAMBDA",
        "LAST",
        "MINUTE",
        "MONTH",
        "REMOVE_EMPTY",
        "SEARCH",
        "SERVICE_QUOTA",
        "SLICE",
        "SORT",
        "YEAR",
    ]
)


def aggregate(name: str, value: Value) -> Value:
    """SUM and the like: a line becomes a number, an array a line with the aggregate at each moment."""
    of = AGGREGATES[name]
    if isinstance(value, tuple):
        moments = sorted({at for line in value for at in line.points})
        points = {at: of([line.points[at] for line in value if at in line.points]) for at in moments}
        return Line(points, max((line.period for line in value), default=60))
    if isinstance(value, Line):
        return of(list(value.points.values())) if value.points else math.nan
    return value


def shape(name: str, value: Value) -> Value:
    """DIFF, RATE and the like, for each line of an array."""
    if isinstance(value, tuple):
        return tuple(line_of(SHAPES[name](line), line.period, line.id) for line in value)
    line = the_line(name, value)
    return line_of(SHAPES[name](line), line.period, line.id)


def elementwise(name: str, value: Value) -> Value:
    return each(ELEMENTWISE[name], value)


def fill(value: Value, filling: Value | str, moments: Callable[[int], range]) -> Value:
    """FILL: a value wherever there was none; `moments(period)` are all that the query asks for."""
    if isinstance(value, tuple):
        return tuple(_filled(line, filling, moments(line.period)) for line in value)
    line = the_line("FILL", value)
    return _filled(line, filling, moments(line.period))


def _filled(line: Line, filling: Value | str, moments: range) -> Line:
    points = dict(line.points)
    missing = [at for at in moments if at not in points]
    if isinstance(filling, float):
        points |= dict.fromkeys(missing, filling)
    elif isinstance(filling, Line):
        points |= {at: filling.points[at] for at in missing if at in filling.points}
    else:
        known = sorted(line.points)
        for at in missing:
            after = bisect(known, at)
            if after and filling == "REPEAT":
                points[at] = points[known[after - 1]]
            elif 0 < after < len(known) and filling == "LINEAR":
                begin, end = known[after - 1], known[after]
                points[at] = points[begin] + (at - begin) / (end - begin) * (points[end] - points[begin])
    return line_of(points, line.period, line.id)


def choose(condition: Value, then: Value, otherwise: Value | None) -> Value:
    """IF: one or the other at each moment, nothing where the chosen one has nothing."""
    if isinstance(condition, tuple) or isinstance(then, tuple) or isinstance(otherwise, tuple):
        raise ExpressionError("Function 'IF' does not take arrays of time series")
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        return math.nan if chosen is None else chosen
    points: dict[int, float] = {}
    for at, holds in condition.points.items():
        chosen = then if holds else otherwise
        if isinstance(chosen, Line):
            chosen = chosen.points.get(at)
        if chosen is not None:
            points[at] = chosen
    return line_of(points, condition.period, condition.id)


def the_line(name: str, value: Value | None) -> Line:
    if not isinstance(value, Line):
        raise ExpressionError(f"Function '{name}' needs a time series")
    return value


def the_lines(name: str, value: Value) -> Lines:
    if isinstance(value, Line):
        return (value,)
    if not isinstance(value, tuple):
        raise ExpressionError(f"Function '{name}' needs time series")
    return value


def _steps(line: Line) -> list[tuple[tuple[int, float], tuple[int, float]]]:
    return list(pairwise(sorted(line.points.items())))
