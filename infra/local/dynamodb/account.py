"""DescribeLimits and DescribeEndpoints: what an account may use, and where it calls."""

from typing import Any

from infra.local.dynamodb.limits import ACCOUNT_UNITS, TABLE_UNITS
from infra.local.request import Request

#: Minutes for which an endpoint that was told may be remembered.
_ENDPOINT_MINUTES = 1440


def describe_limits(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The quotas that a new account has on AWS; nothing here is throttled by them."""
    return {
        "AccountMaxReadCapacityUnits": ACCOUNT_UNITS,
        "AccountMaxWriteCapacityUnits": ACCOUNT_UNITS,
        "TableMaxReadCapacityUnits": TABLE_UNITS,
        "TableMaxWriteCapacityUnits": TABLE_UNITS,
    }


def describe_endpoints(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Host and port as the caller wrote them."""
    address = request.endpoint.partition("://")[2]
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": _ENDPOINT_MINUTES}]}
