"""The actions that tell of functions. What a function here does not have, such as a bucket with its code, is left out.

A job type's environment is this process's own, and is not shown: it holds secrets.
"""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from infra.local.constraints import check_constraints
from infra.local.lambda_ import limits
from infra.local.lambda_.concurrency import reserved_of
from infra.local.lambda_.context import VERSION
from infra.local.lambda_.functions import Function
from infra.local.lambda_.names import find_function
from infra.local.lambda_.pages import page
from infra.local.lambda_.tags import tags_of
from infra.local.partition import partition_of
from infra.local.request import Request

#: Megabytes of /tmp: what a function gets that asks for nothing special. (Lambda quotas, ephemeral storage)
EPHEMERAL_STORAGE_MB = 512


def list_functions(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "ListFunctions", params)
    functions = sorted((f for f in request.functions.values() if f.region == request.region), key=_name)
    shown, more = page(functions, params, limits.LIST_FUNCTIONS, _name)
    qualified = "FunctionVersion" in params
    return {"Functions": [configuration(request, function, qualified=qualified) for function in shown], **more}


def get_function(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "GetFunction", params)
    function = find_function(request, params["FunctionName"], params.get("Qualifier"))
    reply: dict[str, Any] = {
        "Configuration": configuration(request, function, qualified=_qualified(params)),
        "Code": {},
    }
    if tags := tags_of(request, function.arn):
        reply["Tags"] = tags
    reserved = reserved_of(request, function)
    if reserved is not None:
        reply["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
    return reply


def get_function_configuration(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "GetFunctionConfiguration", params)
    function = find_function(request, params["FunctionName"], params.get("Qualifier"))
    return configuration(request, function, qualified=_qualified(params))


def configuration(request: Request, function: Function, *, qualified: bool) -> dict[str, Any]:
    """A FunctionConfiguration; its ARN names the version if the caller did."""
    modified = datetime.fromtimestamp(function.modified_at / 1000, UTC)
    arn = f"{function.arn}:{VERSION}" if qualified else function.arn
    shape = {
        "FunctionName": function.name,
        "FunctionArn": arn,
        "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Role": f"arn:{partition_of(request.region)}:iam::{request.account}:role/{function.name}",
        "Handler": function.handler,
        "Description": function.description,
        "Timeout": int(function.timeout),
        "MemorySize": function.memory,
        "LastModified": f"{modified:%Y-%m-%dT%H:%M:%S}.{modified.microsecond // 1000:03}+0000",
        "Version": VERSION,
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"],
        "EphemeralStorage": {"Size": EPHEMERAL_STORAGE_MB},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"},
    }
    # Not random: the same function has the same revision whenever it is asked for.
    return {**shape, "RevisionId": str(uuid5(NAMESPACE_URL, f"{function.arn} {function.modified_at} {sorted(shape)}"))}


def _name(function: Function) -> str:
    return function.name


def _qualified(params: dict[str, Any]) -> bool:
    return "Qualifier" in params or params["FunctionName"].endswith(f":{VERSION}")
