"""The errors of Lambda's API. Beside code and message their bodies say whose fault it was (`Type`).

Lambda spells the message's member in two ways: `Message` where something was not found, else `message`.
"""

from __future__ import annotations

from infra.local.errors import AwsError


def invalid_parameter(message: str) -> AwsError:
    return _user_error("InvalidParameterValueException", message, 400)


def not_found(message: str) -> AwsError:
    fields = {"Type": "User", "Message": message}
    return AwsError("ResourceNotFoundException", message, status=404, fields=fields)


def no_such_function(arn: str) -> AwsError:
    return not_found(f"Function not found: {arn}")


def conflict(message: str) -> AwsError:
    return _user_error("ResourceConflictException", message, 409)


def in_use(message: str) -> AwsError:
    return _user_error("ResourceInUseException", message, 400)


def bad_content(message: str) -> AwsError:
    return _user_error("InvalidRequestContentException", message, 400)


def too_large(size: int, invocation_type: str, limit: int) -> AwsError:
    message = f"{size} byte payload is too large for the {invocation_type} invocation type (limit {limit} bytes)"
    return _user_error("RequestEntityTooLargeException", message, 413)


def throttled() -> AwsError:
    """What a caller hears when the function's reserved concurrency is used up."""
    error = _user_error("TooManyRequestsException", "Rate Exceeded.", 429)
    error.fields["Reason"] = "ReservedFunctionConcurrentInvocationLimitExceeded"
    return error


def _user_error(code: str, message: str, status: int) -> AwsError:
    return AwsError(code, message, status=status, fields={"Type": "User", "message": message})
