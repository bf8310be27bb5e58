"""The statistics by name: `Average`, `Sum`, ... and percentiles such as `p99.9`."""

import re
from collections.abc import Callable

from infra.local.cloudwatch.summary import Summary

#: What a statistic makes of the values of one period; None where it is not known.
Statistic = Callable[[Summary], float | None]

SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda summary: summary.count,
    "Average": lambda summary: summary.average,
    "Sum": lambda summary: summary.total,
    "Minimum": lambda summary: summary.least,
    "Maximum": lambda summary: summary.most,
}

#: p0 to p100 with up to ten decimals ("CloudWatch statistics definitions").
PERCENTILE = re.compile(r"p(100(?:\.0{0,10})?|\d{1,2}(?:\.\d{0,10})?)")

#: Statistics of AWS's that need more than is kept: trimmed means and the like.
TRIMMED = re.compile(r"(?:(?:tm|wm|tc|ts)\d.*|(?:TM|WM|TC|TS|PR)\(.*\)|IQM|iqm)")


def statistic_named(name: str) -> Statistic | None:
    """None for a name that is no statistic, or none that is supported."""
    return SIMPLE.get(name) or percentile_named(name)


def percentile_named(name: str) -> Statistic | None:
    match = PERCENTILE.fullmatch(name)
    if match is None:
        return None
    percent = float(match[1])
    return lambda summary: summary.percentile(percent)


def is_trimmed(name: str) -> bool:
    """Whether AWS has this statistic and the embedded CloudWatch does not."""
    return TRIMMED.fullmatch(name) is not None
