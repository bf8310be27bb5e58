"""Signature Version 4, verified: who knows the secret may come in.

Off unless a secret is set. The access key id is not looked at: one secret, one account. The checks come in AWS's
order and with its words, as far as they are known from DynamoDB's endpoint; each is raised under the code of the JSON
and REST services (`InvalidSignatureException`) and of the query protocol (`SignatureDoesNotMatch`).
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

from infra.local import model
from infra.local.canonical import ALGORITHM, canonical_requests, signature, string_to_sign
from infra.local.errors import AwsError
from infra.local.wire import HttpRequest
from queues.clock import Clock

#: How far the sender's clock may be from ours.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
WINDOW = timedelta(minutes=15)

#: Seconds for which a presigned URL may be good at most: seven days.
MAX_EXPIRES = 604_800

MOMENT = "%Y%m%dT%H%M%SZ"

#: What a presigned URL must have, in the order of AWS's complaints.
QUERY_PARTS = ("Algorithm", "Credential", "Signature", "SignedHeaders", "Date")

DOES_NOT_MATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its own signature."""

    algorithm: str
    credential: str
    signed_headers: list[str]
    signature: str
    #: As sent.
    date: str
    #: Seconds for which a presigned URL is good; None where it does not say, as a header cannot.
    expires: int | None = None


class Verifier:
    """Knows the secret. `clock` is the engine's."""

    def __init__(self, secret: str, clock: Clock):
        self._secret = secret
        self._clock = clock

    def verify(self, request: HttpRequest, service: str) -> None:
        """Raise `AwsError` unless the request is signed with the secret, for this service, and now."""
        try:
            self._verify(request, service)
        except AwsError as error:
            # DynamoDB says 400 where the others say 403.
            error.status = 400 if service == "dynamodb" or error.code == "IncompleteSignatureException" else 403
            raise

    def _verify(self, request: HttpRequest, service: str) -> None:
        claim = claim_of(request)
        moment = _moment(claim.date)
        self._check_time(moment, claim)
        if "host" not in claim.signed_headers:
            raise _invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
        # The operation must not be open to change on the way.
        if b"x-amz-target" in request.headers and "x-amz-target" not in claim.signed_headers:
            raise _invalid("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.")
        if claim.algorithm != ALGORITHM:
            raise _incomplete(f"Unsupported AWS 'algorithm': '{claim.algorithm}' (only {ALGORITHM} for now). ")
        written = moment.strftime(MOMENT)
        scope = _checked_scope(claim.credential, service, written)
        expected = [
            signature(self._secret, scope, string_to_sign(canonical, written, scope))
            for canonical in canonical_requests(request, claim.signed_headers)
        ]
        given = claim.signature.encode("utf-8", "replace")
        # Compared in a time that does not tell how far they agree.
        if not any(hmac.compare_digest(one.encode(), given) for one in expected):
            raise _invalid(DOES_NOT_MATCH)

    def _check_time(self, moment: datetime, claim: Claim) -> None:
        now = datetime.fromtimestamp(self._clock() // 1000, UTC)
        if claim.expires is not None and now > moment + timedelta(seconds=claim.expires):
            ended = moment + timedelta(seconds=claim.expires)
            raise _invalid(f"Signature expired: {ended.strftime(MOMENT)} is now earlier than {now.strftime(MOMENT)}")
        if claim.expires is None and moment < now - WINDOW:
            raise _invalid(
                f"Signature expired: {moment.strftime(MOMENT)} is now earlier than {(now - WINDOW).strftime(MOMENT)} "
                f"({now.strftime(MOMENT)} - 15 min.)"
            )
        if moment > now + WINDOW:
            raise _invalid(
                f"Signature not yet current: {moment.strftime(MOMENT)} is still later than "
                f"{(now + WINDOW).strftime(MOMENT)} ({now.strftime(MOMENT)} + 15 min.)"
            )


def claim_of(request: HttpRequest) -> Claim:
    """The parts of the signature, from the header or the query string; raises `AwsError` for one that lacks some."""
    authorization = request.text(b"authorization").strip()
    presigned = dict(parse_qsl(request.query.decode("latin-1"), keep_blank_values=True))
    if "X-Amz-Algorithm" in presigned:
        if authorization:
            raise _invalid("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
        return _from_query({name.removeprefix("X-Amz-"): value for name, value in presigned.items()})
    if not authorization.startswith("AWS4-"):
        message = "Request is missing Authentication Token"
        raise AwsError("MissingAuthenticationTokenException", message, query_code="MissingAuthenticationToken")
    return _from_header(authorization, request)


def _from_query(parts: dict[str, str]) -> Claim:
    lacking = [
        f"AWS query-string parameters must include 'X-Amz-{name}'. " for name in QUERY_PARTS if not parts.get(name)
    ]
    if lacking:
        raise _incomplete("".join(lacking) + "Re-examine the query-string parameters.")
    expires = parts.get("Expires")
    if expires is not None and (
        not expires.isdecimal() or not expires.isascii() or not 0 < int(expires[:9]) <= MAX_EXPIRES
    ):
        raise _incomplete(f"X-Amz-Expires must be a number of seconds from 1 to {MAX_EXPIRES}.")
    headers = sorted(parts["SignedHeaders"].lower().split(";"))
    algorithm, credential, given, date = (parts[name] for name in ("Algorithm", "Credential", "Signature", "Date"))
    return Claim(algorithm, credential, headers, given, date, None if expires is None else int(expires))


def _from_header(authorization: str, request: HttpRequest) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    parts: dict[str, str] = {}
    for pair in re.split(r"[,\s]+", rest):
        name, equals, value = pair.partition("=")
        if pair and not equals:
            raise _incomplete(
                f"'{pair}' not a valid key=value pair (missing equal-sign) in Authorization header: '{authorization}'."
            )
        parts[name] = value
    date = request.text(b"x-amz-date") or request.text(b"date")
    lacking = [
        f"Authorization header requires '{name}' parameter. "
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    if not date:
        lacking.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
    if lacking:
        raise _incomplete(f"{''.join(lacking)}Authorization={authorization}")
    headers = sorted(parts["SignedHeaders"].lower().split(";"))
    return Claim(algorithm, parts["Credential"], headers, parts["Signature"], date)


def _moment(text: str) -> datetime:
    """`20261122T101500Z`, or the form of the header Date."""
    if re.fullmatch(r"\d{8}T\d{6}Z", text, re.ASCII):
        try:
            return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
        except ValueError:
            pass
    else:
        try:
            return parsedate_to_datetime(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    message = f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
    raise _incomplete(message)


def _checked_scope(credential: str, service: str, moment: str) -> str:
    """The credential's scope; raises `AwsError` unless it is for this day and service."""
    elements = credential.rstrip("/").split("/")
    if len(elements) != 5:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'"
        )
    _, day, region, name, end = elements
    faults = ""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", region):
        faults += f"Credential should be scoped to a valid region, not '{region}'. "
    if name != model.signing_name(service):
        faults += f"Credential should be scoped to correct service: '{model.signing_name(service)}'. "
    if end != "aws4_request":
        faults += f"Credential should be scoped with a valid terminator: 'aws4_request', not '{end}'. "
    if day != moment[:8]:
        faults += (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{day}' != '{moment[:8]}', from '{moment}'. "
        )
    if faults:
        raise _invalid(faults)
    return "/".join(elements[1:])


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidSignatureException", message, query_code="SignatureDoesNotMatch")


def _incomplete(message: str) -> AwsError:
    return AwsError("IncompleteSignatureException", message, query_code="IncompleteSignature")
