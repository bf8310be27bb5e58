"""The checks that many actions share, with AWS's two kinds of complaints.

Actions on data (PutMetricData, GetMetricStatistics, ListMetrics) name the parameter as the query protocol does,
`MetricData.member.1.Value`. Actions on alarms complain in the general words of AWS's front door, `1 validation
error detected: Value '...' at 'stateValue' failed to satisfy constraint`, and with CloudWatch's code for it.
"""

from collections.abc import Iterable
from typing import Any

from infra.local import constraints, model
from infra.local.cloudwatch import limits
from infra.local.cloudwatch.errors import invalid_value, missing, validation
from infra.local.cloudwatch.units import NUMBERS
from infra.local.errors import AwsError

#: The one enumeration whose order in complaints is known to be another than the model's.
STATE_VALUES = ("[OK, ALARM, INSUFFICIENT_DATA]", "[INSUFFICIENT_DATA, ALARM, OK]")


def check_name(value: str, path: str, most: int = limits.MAX_NAME) -> None:
    if not value:
        raise missing(f"The parameter {path} is required.")
    if len(value) > most:
        raise invalid_value(f"The parameter {path} must be shorter than {most + 1} characters.")


def check_namespace(value: str) -> None:
    check_name(value, "Namespace", limits.MAX_NAMESPACE)
    if value.startswith(":"):
        raise invalid_value("The value " + value + " for parameter Namespace is invalid.")


def check_dimensions(dimensions: list[dict[str, Any]], path: str, most: int = limits.MAX_DIMENSIONS) -> None:
    check_size(dimensions, path, most)
    for number, dimension in enumerate(dimensions, 1):
        at = f"{path}.member.{number}"
        check_name(dimension["Name"], f"{at}.Name")
        if dimension["Name"].startswith(":"):
            raise invalid_value(f"The value {dimension['Name']} for parameter {at}.Name is invalid.")
        if "Value" in dimension:
            check_name(dimension["Value"], f"{at}.Value", limits.MAX_DIMENSION_VALUE)


def check_size(items: list[Any], path: str, most: int) -> None:
    if len(items) > most:
        raise invalid_value(f"The collection {path} must not have a size greater than {most}.")


def check_member(value: object, path: str, allowed: Iterable[object]) -> None:
    if value not in allowed:
        listed = ", ".join(str(member) for member in allowed)
        raise invalid_value(f"The parameter {path} must be a value in the set [ {listed} ].")


def check_unit(unit: str, path: str) -> None:
    if unit not in NUMBERS:
        check_member(unit, path, model.service_model("cloudwatch").shape_for("StandardUnit").enum)


def check_period(period: int) -> None:
    """The period of GetMetricStatistics."""
    if period < 1:
        raise invalid_value("The parameter Period must be greater than 0.")
    if period not in limits.SHORT_PERIODS and period % 60:
        raise invalid_value(
            f"The parameter Period must be a value in the set {list(limits.SHORT_PERIODS)} or a multiple of 60."
        )


def check_constraints(operation: str, params: dict[str, Any]) -> None:
    """Raise AWS's ValidationError for lengths, sizes, ranges, patterns and enumerations that the model forbids."""
    try:
        constraints.check_constraints("cloudwatch", operation, params)
    except AwsError as error:
        raise validation(error.message.replace(*STATE_VALUES)) from None
