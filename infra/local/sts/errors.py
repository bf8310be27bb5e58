"""STS's errors, with the codes of the query protocol, the only one that it speaks."""

from typing import Any

from infra.local import constraints
from infra.local.errors import AwsError


def validation(message: str) -> AwsError:
    return AwsError("ValidationException", message, query_code="ValidationError")


def denied(message: str) -> AwsError:
    return AwsError("AccessDeniedException", message, status=403, query_code="AccessDenied")


def check_constraints(operation: str, params: dict[str, Any]) -> None:
    """Raise AWS's ValidationError for lengths, ranges and patterns that the model forbids."""
    try:
        constraints.check_constraints("sts", operation, params)
    except AwsError as error:
        raise validation(error.message) from None
