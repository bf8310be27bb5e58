"""AWS STS, embedded: who am I, and credentials for a while. One function per action, named as in boto3.

Tools ask it on their start: whether their credentials are good, and for those of a role that their profile names.
There are no users and no roles here, so whoever asks is the account itself.
"""

from infra.local.request import Operation
from infra.local.sts.identity import get_access_key_info, get_caller_identity
from infra.local.sts.sessions import (
    assume_role,
    assume_role_with_web_identity,
    get_federation_token,
    get_session_token,
)

#: It keeps nothing.
SCHEMA = ""

OPERATIONS: dict[str, Operation] = {
    "AssumeRole": assume_role,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
    "GetAccessKeyInfo": get_access_key_info,
    "GetCallerIdentity": get_caller_identity,
    "GetFederationToken": get_federation_token,
    "GetSessionToken": get_session_token,
}

__all__ = ["OPERATIONS", "SCHEMA"]
