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


class IllegalValue(AwsError):
    """An attribute value that is not one. AWS has two wordings at this time: some operations still give the older."""

    def __init__(self, message: str, older: str | None = None):
        super().__init__("ValidationException", message)
        self.older = older or message


class EmptyKey(AwsError):
    """A key of no length: refused before a transaction begins, where other wrong keys cancel it."""

    def __init__(self, message: str):
        super().__init__("ValidationException", message)


def constraint(value: object, member: str, rule: str) -> AwsError:
    """What AWS's request validation says of a member that breaks its model, such as an enum."""
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}",
    )


def not_in_enum(value: object, member: str, allowed: Iterable[str]) -> AwsError:
    return constraint(value, member, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def enveloped(error: AwsError) -> AwsError:
    """The refusal of a request by PutItem, UpdateItem and DeleteItem before they look at the table, or of a Select."""
    if error.code != "ValidationException" or error.message.startswith("1 validation error detected: "):
        return error
    return AwsError("ValidationException", f"1 validation error detected: {error.message}")


def unsupported(operation: str, parameter: str, instead: str = "") -> AwsError:
    """A parameter that AWS has and this engine has not: said aloud, never ignored."""
    advice = f"; use {instead}" if instead else ""
    return AwsError(
        "ValidationException", f"{operation}: {parameter} is not supported by the embedded DynamoDB{advice}"
    )


def in_use(what: str) -> AwsError:
    """A change that must wait for another one, or for ever."""
    return AwsError("ResourceInUseException", f"Attempt to change a resource which is still in use: {what}")


def no_such_table() -> AwsError:
    """What the item operations say; DescribeTable and DeleteTable name the table."""
    return AwsError("ResourceNotFoundException", "Requested resource not found")


def no_such_index(name: str, table: str) -> AwsError:
    """What UpdateTable says of an index to change or drop."""
    return AwsError("ResourceNotFoundException", f"Requested resource not found: Index {name} for table {table}")


def no_such_table_named(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
