"""The sentences and the data with which an alarm gives its reason, as AWS words them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.cloudwatch.alarms.judgement import COMPARISONS, Judgement, Rule
from infra.local.cloudwatch.moments import short_stamp, stamp


@dataclass(frozen=True, slots=True)
class Datapoint:
    """A period's value, if it has one."""

    #: Epoch seconds of its beginning.
    at: int
    value: float | None = None
    #: None where an expression made the value.
    samples: float | None = None


def reason(rule: Rule, datapoints: Sequence[Datapoint], judgement: Judgement, counted: bool) -> str:
    """The StateReason; `counted` when the alarm was given DatapointsToAlarm ("M out of N")."""
    if judgement.state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_counted(judgement.filled, 'datapoint')} {_were(judgement.filled)} unknown."
    if judgement.filled:
        kind = "Breaching" if rule.missing == "breaching" else "NonBreaching"
        found = len(judgement.decisive)
        received = f"{_counted(found, 'datapoint')} {_were(found)}" if found else "no datapoints were"
        return (
            f"Threshold Crossed: {received} received for {_counted(rule.periods, 'period')} and "
            f"{_counted(judgement.filled, 'missing datapoint')} {_were(judgement.filled)} treated as [{kind}]."
        )
    alarming = judgement.state == "ALARM"
    told = [
        datapoint
        for datapoint in (datapoints[number] for number in judgement.decisive)
        if datapoint.value is not None and rule.breaches(datapoint.value) is alarming
    ]
    listed = ", ".join(f"{datapoint.value} ({short_stamp(datapoint.at)})" for datapoint in told)
    word = COMPARISONS[rule.comparison][1]
    claim = f"[{listed}] {_were(len(told))} {'' if alarming else 'not '}{word} the threshold ({rule.threshold})"
    if not counted:
        return f"Threshold Crossed: {_counted(len(told), 'datapoint')} {claim}."
    needed = rule.to_alarm if alarming else rule.periods - rule.to_alarm + 1
    change = "OK -> ALARM" if alarming else "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(told)} out of the last {rule.periods} datapoints {claim} "
        f"(minimum {_counted(needed, 'datapoint')} for {change} transition)."
    )


def reason_data(
    rule: Rule, datapoints: Sequence[Datapoint], judgement: Judgement, settings: dict[str, Any], period: int, now: int
) -> str:
    """The StateReasonData, a JSON object; `now` in epoch milliseconds."""
    known = [datapoint for number in judgement.decisive if (datapoint := datapoints[number]).value is not None]
    evaluated = known or list(datapoints[: rule.periods])
    data: dict[str, Any] = {"version": "1.0", "queryDate": stamp(now)}
    if known:
        data["startDate"] = stamp(known[-1].at * 1000)
    if "Unit" in settings:
        data["unit"] = settings["Unit"]
    statistic = settings.get("Statistic", settings.get("ExtendedStatistic"))
    if statistic is not None:
        data["statistic"] = statistic
    data |= {
        "period": period,
        "recentDatapoints": [datapoint.value for datapoint in reversed(known)],
        "threshold": rule.threshold,
        "evaluatedDatapoints": [_evaluated(datapoint) for datapoint in evaluated],
    }
    return orjson.dumps(data).decode()


def _evaluated(datapoint: Datapoint) -> dict[str, Any]:
    shown: dict[str, Any] = {"timestamp": stamp(datapoint.at * 1000)}
    if datapoint.samples is not None:
        shown["sampleCount"] = datapoint.samples
    if datapoint.value is not None:
        shown["value"] = datapoint.value
    return shown


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
