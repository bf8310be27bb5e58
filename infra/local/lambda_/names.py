"""A function by its name: plain, `account:function:name`, or an ARN, each with or without a qualifier."""

from __future__ import annotations

import re

from infra.local.errors import AwsError
from infra.local.lambda_.context import VERSION
from infra.local.lambda_.errors import invalid_parameter, no_such_function, not_found
from infra.local.lambda_.functions import Function
from infra.local.partition import partition_of
from infra.local.request import Request

#: The parts of a FunctionName that fits the model's pattern.
NAME = re.compile(
    r"(arn:aws[a-zA-Z-]*:lambda:)?((?P<region>[a-z]+(-[a-z]+)+-\d):)?((?P<account>\d{12}):)?(function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)(:(?P<qualifier>[$a-zA-Z0-9_.-]+))?"
)


def find_function(request: Request, named: str, qualifier: str | None = None) -> Function:
    """The function, or ResourceNotFoundException; `$LATEST` is the only version that there is."""
    name, wanted = split_name(request, named, qualifier)
    function = look_up(request, name)
    if function is None or wanted not in (None, VERSION):
        raise no_such_function(arn_of(request, name) + (f":{wanted}" if wanted else ""))
    return function


def find_unqualified(request: Request, named: str) -> Function:
    """The function of an operation that knows no versions, asked for by name or unqualified ARN."""
    name, qualifier = split_name(request, named)
    if qualifier is not None:
        raise invalid_parameter(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
            "Please specify either a function name or an unqualified function ARN."
        )
    function = look_up(request, name)
    if function is None:
        raise no_such_function(f"{arn_of(request, name)}:{VERSION}")
    return function


def look_up(request: Request, name: str) -> Function | None:
    """The function of that plain name in the request's region, if this process has it."""
    function = request.functions.get(name)
    return function if function is not None and function.region == request.region else None


def split_name(request: Request, named: str, qualifier: str | None = None) -> tuple[str, str | None]:
    """Plain name and qualifier; the qualifier may be part of the name, a parameter of its own, or both alike."""
    parts = NAME.fullmatch(named)
    if parts is None:
        raise invalid_parameter(f"{named} is not the name or ARN of a function")
    name, derived = parts["name"], parts["qualifier"]
    if qualifier is not None and derived is not None and qualifier != derived:
        raise invalid_parameter("The derived qualifier from the function name does not match the specified qualifier.")
    region, account = parts["region"] or request.region, parts["account"] or request.account
    if region != request.region:
        raise not_found(f"Functions from '{region}' are not reachable in this region ('{request.region}')")
    if account != request.account:
        partition = partition_of(region)
        raise AwsError(
            "AccessDeniedException",
            f"User: arn:{partition}:iam::{request.account}:root is not authorized to perform this operation on "
            f"resource: arn:{partition}:lambda:{region}:{account}:function:{name}",
            status=403,
        )
    return name, qualifier or derived


def arn_of(request: Request, name: str) -> str:
    return f"arn:{partition_of(request.region)}:lambda:{request.region}:{request.account}:function:{name}"
