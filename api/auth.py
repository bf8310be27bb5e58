"""Who calls: a JSON Web Token, signed with the deployment's secret, names a subject, a tenant and what it may do.

Only HS256 is taken, whatever a token's header says. Claims that are not listed here are ignored. To change the secret,
its tokens may be accepted for a while as those of a previous one; which secret a token was signed with is found by
trying, so that a token needs no key id and says nothing of the secrets that there are.

    sub     who it is, for people
    tenant  whose jobs it sees
    scope   space-separated: `jobs:read`, `jobs:write`, `admin`, `metrics`; the first two if there is none
    exp     when it ends, in seconds since the epoch; a token without an end is refused
    nbf     optional: not valid before
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from api.problems import UNAUTHENTICATED, Problem
from queues.clock import Clock, system_clock
from queues.errors import InvalidOption, Misconfigured
from queues.job import check_tenant
from queues.options import Duration, seconds

READ, WRITE, ADMIN, METRICS = "jobs:read", "jobs:write", "admin", "metrics"
DEFAULT_SCOPE = f"{READ} {WRITE}"
ALGORITHM = "HS256"
#: Bytes of the secret at least: as many as the hash has. (RFC 7518, 3.2)
MIN_SECRET_BYTES = 32
#: Characters of a token; ours have about 250.
MAX_TOKEN_CHARS = 4_096
#: Tokens remembered as verified, which saves half of a small request's own time.
MAX_REMEMBERED = 1_024

#: The signature is PyJWT's to check, in constant time; the claims are checked below, against the clock passed in.
_CHECKS: Any = {
    "verify_signature": True,
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub"), False),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified token's bearer."""

    subject: str
    tenant: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Verified:
    caller: Caller
    #: Seconds since the epoch.
    starts_at: float
    ends_at: float


def make_token(
    secret: str,
    *,
    tenant: str,
    subject: str,
    scope: str = DEFAULT_SCOPE,
    expires_in: Duration,
    clock: Clock = system_clock,
) -> str:
    """A token for `tenant` that ends in `expires_in` (a timedelta or seconds). InvalidOption for a bad tenant."""
    now = clock() // 1000
    claims = {"sub": subject, "tenant": check_tenant(tenant), "scope": scope, "iat": now}
    return jwt.encode(claims | {"exp": now + math.ceil(seconds(expires_in))}, check_secret(secret), ALGORITHM)


def check_secret(secret: str) -> str:
    """The secret if it is long enough, else Misconfigured."""
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise Misconfigured(
            f"JOBYARD_SECRET is shorter than {MIN_SECRET_BYTES} bytes; make one with `openssl rand -hex 32`"
        )
    return secret


class Tokens:
    """Verifies tokens against the secret, and against those that were it before and are still accepted."""

    def __init__(self, secret: str, clock: Clock = system_clock, *, previous: Sequence[str] = ()):
        self._secrets, self._clock = [check_secret(one) for one in (secret, *previous)], clock
        self._known: dict[str, _Verified] = {}

    def caller(self, header: str | None) -> Caller:
        """The bearer of an `Authorization` header's token, or the problem 401 that says what is wrong with it."""
        if header is None:
            raise refused("send a token: `Authorization: Bearer TOKEN`; `jobyard token` prints one", None)
        scheme, _, token = header.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise refused("the Authorization header is not of the form `Bearer TOKEN`", "invalid_request")
        known = self._known.get(token)
        if known is None:
            known = self._verify(token)
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[token] = known
        now = self._clock() / 1000
        if now >= known.ends_at:
            raise refused(f"the token expired at {_moment(known.ends_at)}; make a new one with `jobyard token`")
        if now < known.starts_at:
            raise refused(f"the token is not valid before {_moment(known.starts_at)}")
        return known.caller

    def _verify(self, token: str) -> _Verified:
        if len(token) > MAX_TOKEN_CHARS:
            raise refused(f"the token is longer than {MAX_TOKEN_CHARS} characters")
        for secret in self._secrets:
            try:
                claims = jwt.decode(token, secret, algorithms=[ALGORITHM], options=_CHECKS)
            except jwt.InvalidAlgorithmError:
                raise refused(f"the token is not signed with {ALGORITHM}; no other algorithm is taken") from None
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError, RecursionError):
                raise refused("the token is not a JSON Web Token; copy all of it, without quotes") from None
            return _verified(claims)
        raise refused("the token's signature is wrong: it was made with another secret, or altered")


def _verified(claims: dict[str, Any]) -> _Verified:
    subject, tenant, scope = claims.get("sub"), claims.get("tenant"), claims.get("scope", DEFAULT_SCOPE)
    if not isinstance(subject, str) or not subject:
        raise refused("the token has no claim sub, a text that names its bearer")
    if not isinstance(tenant, str):
        raise refused("the token has no claim tenant, the name of a tenant")
    try:
        check_tenant(tenant)
    except InvalidOption as error:
        raise refused(f"the token's claim tenant is not possible: {error.cure}") from None
    if not isinstance(scope, str):
        raise refused("the token's claim scope is not a text of words separated by spaces")
    ends_at, starts_at = _time(claims, "exp"), _time(claims, "nbf")
    if ends_at is None:
        raise refused("the token has no claim exp, the time of its end in seconds since the epoch")
    return _Verified(Caller(subject, tenant, frozenset(scope.split())), starts_at or 0, ends_at)


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    # Year 9999: what comes after it cannot be shown, nor meant.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 253_402_300_800:
        raise refused(f"the token's claim {name} is not a time in seconds since the epoch")
    return value


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(why: str, code: str | None = "invalid_token") -> Problem:
    """The problem 401, with the challenge of RFC 6750; all of `why` is ours, nothing is the caller's."""
    challenge = 'Bearer realm="jobyard"'
    if code is not None:
        challenge += f', error="{code}", error_description="{why.replace("`", "")}"'
    return Problem(UNAUTHENTICATED, why, headers={"WWW-Authenticate": challenge})
