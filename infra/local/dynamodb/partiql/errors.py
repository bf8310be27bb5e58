"""What PartiQL refuses, in the words of AWS, and the short codes that a batch gives its errors."""

from infra.local.dynamodb.errors import invalid
from infra.local.errors import AwsError

NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"

#: What a batch calls an error where it is not the exception's name without `Exception`.
_BATCH_CODES = {
    "ValidationException": "ValidationError",
    "ThrottlingException": "ThrottlingError",
}


def malformed(detail: str = "") -> AwsError:
    """A statement that is not PartiQL; AWS says nothing more where it cannot even read the words."""
    return invalid(f"Statement wasn't well formed, can't be processed: {detail}")


def check_alone() -> AwsError:
    """An EXISTS where there is no transaction that it could stop."""
    return invalid("EXISTS() is only supported in ExecuteTransaction")


def duplicate_item() -> AwsError:
    """An INSERT whose key is taken."""
    return AwsError("DuplicateItemException", "Duplicate primary key exists in table")


def batch_code(code: str) -> str:
    """`ConditionalCheckFailedException` -> `ConditionalCheckFailed`, as BatchStatementError writes it."""
    return _BATCH_CODES.get(code) or code.removesuffix("Exception")
