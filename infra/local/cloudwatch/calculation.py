"""One request's expressions calculated: each in terms of the lines and of the expressions that it names."""

import math
from collections.abc import Callable, Mapping

from infra.local.cloudwatch import functions
from infra.local.cloudwatch.expression import Array, Binary, Call, ExpressionError, Name, Negative, Number, Text, Tree
from infra.local.cloudwatch.limits import MAX_DATAPOINTS, MAX_QUERIES
from infra.local.cloudwatch.lines import Line, Lines, Value, combined

#: Words that only FILL knows.
FILLINGS = ("REPEAT", "LINEAR")


class Calculation:
    """Calculates expressions over `lines` (id -> line of a metric) and each other.

    `moments(period)` are the beginnings of all periods that are asked for.
    """

    def __init__(self, lines: Mapping[str, Line], trees: Mapping[str, Tree], moments: Callable[[int], range]):
        self._lines = lines
        self._trees = trees
        self._all_moments = moments
        #: Expressions' values, and the moments of the lines that each of them met.
        self._known: dict[str, tuple[Value, set[int]]] = {}
        self._under_way: list[str] = []
        self._met: set[int] = set()

    def lines_of(self, id: str) -> Lines:
        """The result of an expression, several lines where it is an array; raises `ExpressionError`.

        A result that is only a number becomes a line that has it wherever the metrics concerned have data.
        """
        value = self._named(id)
        if isinstance(value, Line):
            return (value,)
        if isinstance(value, tuple):
            return value
        moments = sorted(self._known[id][1]) or self._moments(self._period)
        return (Line({} if math.isnan(value) else dict.fromkeys(moments, value), self._period, id),)

    @property
    def _period(self) -> int:
        return max((line.period for line in self._lines.values()), default=60)

    def _moments(self, period: int) -> range:
        moments = self._all_moments(period)
        if len(moments) > MAX_DATAPOINTS:
            raise ExpressionError(f"It would give more than {MAX_DATAPOINTS} data points")
        return moments

    def _named(self, name: str) -> Value:
        if name in self._lines:
            self._met.update(self._lines[name].points)
            return self._lines[name]
        if name not in self._trees:
            raise ExpressionError(f"Undefined identifier '{name}'")
        if name in self._under_way:
            raise ExpressionError(f"Identifier '{name}' is defined by itself")
        if name not in self._known:
            outer, self._met = self._met, set()
            self._under_way.append(name)
            try:
                self._known[name] = (self._value(self._trees[name]), self._met)
            finally:
                self._under_way.pop()
                self._met = outer
        value, met = self._known[name]
        self._met |= met
        return value

    def _value(self, tree: Tree) -> Value:
        match tree:
            case Number(value):
                return value
            case Name(name):
                return self._named(name)
            case Negative(operand):
                return combined("*", -1.0, self._value(operand))
            case Binary(operator, left, right):
                return combined(operator, self._value(left), self._value(right))
            case Array(items):
                return self._array(items)
            case Text():
                raise ExpressionError("A string stands where a time series or a number is needed")
            case Call(name, arguments):
                return self._call(name, arguments)

    def _call(self, name: str, arguments: tuple[Tree, ...]) -> Value:
        if name == "METRICS":
            return self._metrics(arguments)
        least, most = ARGUMENTS.get(name, (-1, -1))
        if name in functions.MISSING:
            raise ExpressionError(f"Function '{name}' is not supported by the embedded CloudWatch")
        if most < 0:
            raise ExpressionError(f"Function '{name}' not found")
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ExpressionError(f"Function '{name}' needs {wanted} arguments and has {len(arguments)}")
        if name == "FILL":
            word = arguments[1].name if isinstance(arguments[1], Name) else ""
            filling = word if word in FILLINGS else self._value(arguments[1])
            return functions.fill(self._value(arguments[0]), filling, self._moments)
        values = [self._value(argument) for argument in arguments]
        if name == "IF":
            return functions.choose(values[0], values[1], values[2] if len(values) > 2 else None)
        return self._of_one(name, values[0])

    def _of_one(self, name: str, value: Value) -> Value:
        if name in functions.ELEMENTWISE:
            return functions.elementwise(name, value)
        if name in functions.AGGREGATES:
            return functions.aggregate(name, value)
        if name in functions.SHAPES:
            return functions.shape(name, value)
        if name == "METRIC_COUNT":
            return float(len(functions.the_lines(name, value)))
        if name == "TIME_SERIES":
            if not isinstance(value, float):
                raise ExpressionError("Function 'TIME_SERIES' needs a number")
            return Line(dict.fromkeys(self._moments(self._period), value), self._period)
        line = functions.the_line(name, value)
        return float(line.period if name == "PERIOD" else len(line.points))

    def _array(self, items: tuple[Tree, ...]) -> Lines:
        lines = tuple(line for item in items for line in functions.the_lines("[]", self._value(item)))
        if len(lines) > MAX_QUERIES:
            raise ExpressionError(f"An array has more than {MAX_QUERIES} time series")
        return lines

    def _metrics(self, arguments: tuple[Tree, ...]) -> Lines:
        part = ""
        if arguments:
            if len(arguments) > 1 or not isinstance(arguments[0], Text):
                raise ExpressionError("Function 'METRICS' needs one string at most")
            part = arguments[0].value
        lines = tuple(line for id, line in self._lines.items() if part in id)
        self._met.update(at for line in lines for at in line.points)
        return lines


#: How many arguments each function takes: at least, at most.
ARGUMENTS = {
    **dict.fromkeys((*functions.ELEMENTWISE, *functions.AGGREGATES, *functions.SHAPES), (1, 1)),
    **dict.fromkeys(("DATAPOINT_COUNT", "METRIC_COUNT", "PERIOD", "TIME_SERIES"), (1, 1)),
    "FILL": (2, 2),
    "IF": (2, 3),
}
