"""Temporary credentials: made up and forgotten, since the door takes any, or else only the one secret.

Nothing is kept of them, so a process that dies loses nothing. They are ids, not secrets: whoever can ask for them can
already do all that they could be used for.
"""

from __future__ import annotations

from base64 import b32encode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.request import Request
from infra.local.sts.errors import denied

#: What the id of a temporary key begins with, and that of a role.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
KEY_PREFIX, ROLE_PREFIX = "ASIA", "AROA"

#: Characters of an id after its prefix, and of a secret key.
ID_LENGTH = 16
SECRET_LENGTH = 40

#: Seconds that the credentials of a role, and those of a user or the account, are good for.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
ROLE_SECONDS = 3600
USER_SECONDS = 43_200

#: The operations that hand out credentials.
ISSUING = frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "GetFederationToken", "GetSessionToken"})


def new_credentials(request: Request, seconds: int) -> dict[str, Any]:
    """A key that was never seen, in the form that AWS's have."""
    expiration = datetime.fromtimestamp(request.now // 1000, UTC) + timedelta(seconds=seconds)
    return {
        "AccessKeyId": KEY_PREFIX + unique(request),
        "SecretAccessKey": b64encode(random_bytes(request, 2)).decode()[:SECRET_LENGTH],
        "SessionToken": b64encode(random_bytes(request, 12)).decode(),
        "Expiration": expiration,
    }


def unique(request: Request) -> str:
    """Sixteen capitals and digits."""
    return b32encode(random_bytes(request, 1)).decode()[:ID_LENGTH]


def random_bytes(request: Request, count: int) -> bytes:
    """Sixteen bytes for each of `count`, of the randomness that ids are made from."""
    return b"".join(bytes.fromhex(request.new_id().replace("-", "")) for _ in range(count))


def role_id(account: str, name: str) -> str:
    """The id of a role, the same for each of its sessions, although there are no roles."""
    return ROLE_PREFIX + b32encode(f"{account}/{name}".encode()).decode().rstrip("=")[:ID_LENGTH].ljust(ID_LENGTH, "X")


def check_issuable(operation: str) -> None:
    """Raise for an operation that would hand out credentials, where requests must be signed with the one secret."""
    if operation in ISSUING:
        raise denied(
            f"The embedded AWS does not support sts:{operation} while JOBYARD_AWS_SECRET is set: the temporary "
            "credentials would not be good here. Sign with that secret, under any access key id."
        )
