"""Reserved concurrency: how many invocations of a function may run at once, and none at all when it is 0.

Calls beyond it are refused (`TooManyRequestsException`), events wait, and mappings poll no more than there is room for.
On AWS a mapping's pollers go on and are throttled, so that messages run up receive counts and end in the dead-letter
queue without having been tried; here they stay in the queue.
"""

from __future__ import annotations

from typing import Any

from infra.local.constraints import check_constraints
from infra.local.lambda_.errors import invalid_parameter
from infra.local.lambda_.functions import Function
from infra.local.lambda_.limits import ACCOUNT_CONCURRENCY, UNRESERVED_CONCURRENCY
from infra.local.lambda_.names import find_unqualified
from infra.local.lambda_.wakes import MAPPINGS_CHANGED
from infra.local.request import Request

GET = "SELECT reserved FROM lambda_concurrency WHERE region = ? AND function = ?"
PUT = "INSERT OR REPLACE INTO lambda_concurrency (region, function, reserved) VALUES (?, ?, ?)"
DELETE = "DELETE FROM lambda_concurrency WHERE region = ? AND function = ?"
#: What all other functions of the region have reserved.
OTHERS = "SELECT coalesce(sum(reserved), 0) FROM lambda_concurrency WHERE region = ? AND function <> ?"


def put_function_concurrency(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "PutFunctionConcurrency", params)
    function = find_unqualified(request, params["FunctionName"])
    reserved: int = params["ReservedConcurrentExecutions"]
    (others,) = request.db.execute(OTHERS, (request.region, function.name)).fetchone()
    if reserved + others > ACCOUNT_CONCURRENCY - UNRESERVED_CONCURRENCY:
        raise invalid_parameter(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED_CONCURRENCY}]."
        )
    request.db.execute(PUT, (request.region, function.name, reserved))
    _changed(request)
    return {"ReservedConcurrentExecutions": reserved}


def get_function_concurrency(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "GetFunctionConcurrency", params)
    reserved = reserved_of(request, find_unqualified(request, params["FunctionName"]))
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def delete_function_concurrency(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "DeleteFunctionConcurrency", params)
    function = find_unqualified(request, params["FunctionName"])
    request.db.execute(DELETE, (request.region, function.name))
    _changed(request)
    return {}


def reserved_of(request: Request, function: Function) -> int | None:
    """Invocations that may run at once; None if nothing is reserved."""
    row = request.db.execute(GET, (function.region, function.name)).fetchone()
    return None if row is None else row[0]


def _changed(request: Request) -> None:
    request.wake(MAPPINGS_CHANGED)
    # Events that had to wait may be due now.
    request.alarm(request.now)
