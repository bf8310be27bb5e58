"""AWS STS, embedded: who am I. One function per action, named as in boto3.

Tools ask it on their start to see whether their credentials are good. There are no users and no roles here, so whoever
asks is the account itself, and actions that would hand out credentials of a role say that there is none.
"""

from infra.local.request import Operation
from infra.local.sts.credentials import CREDENTIALS
from infra.local.sts.identity import get_access_key_info, get_caller_identity

#: It keeps nothing.
SCHEMA = ""

OPERATIONS: dict[str, Operation] = {
    "GetAccessKeyInfo": get_access_key_info,
    "GetCallerIdentity": get_caller_identity,
    **CREDENTIALS,
}

__all__ = ["OPERATIONS", "SCHEMA"]
