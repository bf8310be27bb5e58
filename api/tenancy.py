"""Whose jobs a request means: the caller's own, another tenant's, or everybody's.

Its own tenant anybody may name. Another one takes the scope `admin`, and without it the answer is the same whether
there is such a tenant or not, and whether its name is one that could be.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request

from api.auth import ADMIN, Caller
from api.models import PageQuery
from api.problems import INVALID_REQUEST, Fault, Problem
from api.site import allow
from queues.control.admin import EVERYONE
from queues.job import check_tenant

#: Far more characters than a tenant has, so that who may not name it learns nothing of how it must look.
MAX_NAME_CHARS = 256

TenantName = Annotated[str, Field(max_length=MAX_NAME_CHARS, examples=["acme"])]


class LettersQuery(PageQuery):
    """Which part of a list of dead letters, and whose."""

    tenant: TenantName | None = Field(None, description="Whose; another than the token's needs the scope `admin`.")


def beyond_own(request: Request, tenant: str | None, *, everyone: bool = False) -> str | None:
    """The tenant that a request names, or EVERYONE; None if it means the caller's own.

    403 if the caller may not; InvalidOption for what cannot be a tenant's name.
    """
    if everyone and tenant is not None:
        cure = "name a tenant, or say `everyone`, not both"
        raise Problem(INVALID_REQUEST, f"everyone: {cure}", errors=[Fault("everyone", cure, everyone)])
    caller: Caller = request.scope["caller"]
    if everyone:
        allow(request, ADMIN)
        return EVERYONE
    if tenant is None or tenant == caller.tenant:
        return None
    allow(request, ADMIN)
    return check_tenant(tenant)
