"""The Scheduler's errors, with AWS's words where they are known."""

from infra.local.errors import AwsError


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def unsupported(what: str) -> AwsError:
    return invalid(f"The embedded EventBridge Scheduler does not support {what}.")


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message, status=409)


def no_such_schedule(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Schedule {name} does not exist.", status=404)


def no_such_group(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Schedule group {name} does not exist.", status=404)
