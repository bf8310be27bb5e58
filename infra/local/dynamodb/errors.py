"""DynamoDB's refusals, so that each is written the same way wherever it is raised."""

from collections.abc import Iterable

from infra.local.errors import AwsError

CONDITION_FAILED = "The conditional request failed"


def invalid(message: str) -> AwsError:
    """A ValidationException with DynamoDB's own sentence."""
    return AwsError("ValidationException", message)


def invalid_value(message: str) -> AwsError:
    """A ValidationException with the prefix that DynamoDB puts before complaints about values."""
    return AwsError("ValidationException", f"One or more parameter values were invalid: {message}")


def constraint(value: object, member: str, rule: str) -> AwsError:
    """What AWS's request validation says of a member that breaks its model, such as an enum."""
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}",
    )


def not_in_enum(value: object, member: str, allowed: Iterable[str]) -> AwsError:
    return constraint(value, member, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def unsupported(operation: str, parameter: str, instead: str = "") -> AwsError:
    """A parameter that AWS has and this engine has not: said aloud, never ignored."""
    advice = f"; use {instead}" if instead else ""
    return AwsError(
        "ValidationException", f"{operation}: {parameter} is not supported by the embedded DynamoDB{advice}"
    )


def no_such_table() -> AwsError:
    """What the item operations say; DescribeTable and DeleteTable name the table."""
    return AwsError("ResourceNotFoundException", "Requested resource not found")


def no_such_table_named(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
