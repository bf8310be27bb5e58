"""What a metric's latest data points mean for an alarm. Pure, and the table of AWS's page in code.

An alarm looks at the last N periods and alarms when M of them breach the threshold. Data may be missing, so a few
more periods are looked at (EXTRA). With N data points or more, the latest N decide. With fewer, the missing ones
are treated as TreatMissingData says:

- breaching, notBreaching: each counts as such.
- missing, ignore: only those that are there count. M breaching ones alarm, one that does not breach says OK. Where
  all that are there breach but are too few, `missing` alarms if the oldest of them is at least M periods old, and
  otherwise the state stays as it is. Where there is nothing at all, `missing` says INSUFFICIENT_DATA.

Source: "Configuring how CloudWatch alarms treat missing data".
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Periods looked at beyond those evaluated, as in the examples of AWS's page.
EXTRA = 2

#: ComparisonOperator -> the comparison, and its words in a reason.
COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What an alarm compares, and how often it must hold."""

    comparison: str
    threshold: float
    #: N and M.
    periods: int
    to_alarm: int
    #: TreatMissingData.
    missing: str = "missing"

    def breaches(self, value: float) -> bool:
        return COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state that follows; None where it stays as it is."""

    state: str | None
    #: The data points that decided, latest first: indexes into what was judged.
    decisive: tuple[int, ...] = ()
    #: Missing data points that were counted.
    filled: int = 0


def judge(rule: Rule, values: Sequence[float | None]) -> Judgement:
    """Judge the values of the latest periods, the latest first, None where there is none."""
    known = [number for number, value in enumerate(values) if value is not None]
    decisive = tuple(known[: rule.periods])
    filled = rule.periods - len(decisive)
    breaching = [number for number in decisive if _breaches(rule, values[number])]
    count = len(breaching)
    if filled and rule.missing == "breaching":
        count += filled
    alarming = count >= rule.to_alarm
    if not filled or rule.missing in ("breaching", "notBreaching"):
        return Judgement("ALARM" if alarming else "OK", decisive, filled)
    if alarming:
        return Judgement("ALARM", decisive)
    if len(breaching) < len(decisive):
        return Judgement("OK", decisive)
    if rule.missing == "ignore":
        return Judgement(None)
    if not decisive:
        return Judgement("INSUFFICIENT_DATA", (), filled)
    # All that are there breach: the oldest stands at place `decisive[-1]`, counted from the latest period.
    return Judgement("ALARM", decisive) if decisive[-1] + 1 >= rule.to_alarm else Judgement(None)


def _breaches(rule: Rule, value: float | None) -> bool:
    return value is not None and rule.breaches(value)
