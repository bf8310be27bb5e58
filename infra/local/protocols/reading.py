"""What every protocol does with a request that it reads: what does not fit the model is the service's complaint."""

from collections.abc import Callable
from typing import Any

from infra.local.errors import AwsError
from infra.local.protocols import complaints
from infra.local.protocols.required import missing_members
from infra.local.protocols.shapes import Misfit, UnknownMember


def checked(
    service: str,
    operation: str,
    read: Callable[[], dict[str, Any]],
    does_not_fit: Callable[[str, Misfit], AwsError] = complaints.does_not_fit,
) -> dict[str, Any]:
    """The parameters that `read` answers, complete; raises `AwsError` in the words of the service."""
    try:
        params = read()
        missing = missing_members(service, operation, params)
    except Misfit as misfit:
        raise does_not_fit(service, misfit) from None
    except UnknownMember as unknown:
        raise complaints.unknown(service, unknown.path) from None
    except RecursionError:
        raise AwsError(complaints.SERIALIZATION, "The request is nested too deeply.") from None
    if missing:
        raise complaints.missing(service, missing)
    return params
