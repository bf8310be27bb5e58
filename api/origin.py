"""Where a request comes from, as far as that can be trusted. Pure.

The address is the connection's other end, or what somebody trustworthy says of it: API Gateway, a function URL, a load
balancer, or a proxy that `JOBYARD_TRUSTED_PROXIES` names (uvicorn then has put its word into the scope). A load
balancer adds the address that it has seen to the end of what the client itself has sent: only the last one counts.
"""

from __future__ import annotations

from ipaddress import ip_address

from starlette.types import Scope


def origin_of(scope: Scope) -> str | None:
    """The client's address; None if there is none, or what stands there is none."""
    client = scope.get("client")
    if not client:
        return None
    text = str(client[0]).rpartition(",")[2].strip()
    try:
        return str(ip_address(text))
    except ValueError:
        return None
