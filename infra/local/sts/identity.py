"""The actions that say whose credentials these are: always the account's."""

import re
from typing import Any

from infra.local.partition import partition_of
from infra.local.request import Request
from infra.local.sts.errors import validation

#: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
ACCESS_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)


def get_caller_identity(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The account's root user, whose id is the account's number."""
    arn = f"arn:{partition_of(request.region)}:iam::{request.account}:root"
    return {"UserId": request.account, "Account": request.account, "Arn": arn}


def get_access_key_info(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The account that a key belongs to: there is one account, and any key is a key to it."""
    key = params["AccessKeyId"]
    if not ACCESS_KEY_ID.fullmatch(key):
        rule = (
            "Member must satisfy regular expression pattern: [\\w]*"
            if 16 <= len(key) <= 128
            else "Member must have length greater than or equal to 16"
            if len(key) < 16
            else "Member must have length less than or equal to 128"
        )
        raise validation(
            f"1 validation error detected: Value '{key}' at 'accessKeyId' failed to satisfy constraint: {rule}"
        )
    return {"Account": request.account}
