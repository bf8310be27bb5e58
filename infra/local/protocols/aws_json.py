"""AWS JSON 1.0 and 1.1: an operation in the header X-Amz-Target, JSON both ways. SQS, DynamoDB and CloudWatch speak it.

Inwards a request's JSON becomes the parameters that a boto3 caller would have passed: base64 to bytes, epoch
seconds to datetimes, each value's kind checked against its shape. Outwards a reply needs no shape: bytes can only
be base64, datetimes only epoch seconds.
"""

import binascii
import zlib
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from botocore.model import Shape

from infra.local.errors import AwsError
from infra.local.protocols import complaints, error_names
from infra.local.protocols.reading import checked
from infra.local.protocols.shapes import Leaves, Misfit, reader_of
from infra.local.protocols.target import Target
from infra.local.wire import HttpReply, HttpRequest

CONTENT_TYPES = {"application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json"}


class AwsJson:
    """The protocol; it has no state."""

    def read(self, target: Target, request: HttpRequest, endpoint: str) -> dict[str, Any]:
        """The parameters in the body; raises `AwsError`."""
        service = target.service
        value = parse(request.body)
        if type(value) is not dict:
            raise AwsError(complaints.SERIALIZATION, "The request body is not a JSON object.")
        return fit(service, target.operation, value, LENIENT if service == "dynamodb" else STRICT)

    def write(self, target: Target, request: HttpRequest, reply: dict[str, Any], request_id: str) -> HttpReply:
        """A reply as JSON."""
        return HttpReply(200, body := dump(reply), headers(target.service, request, request_id, body))

    def refuse(self, service: str | None, request: HttpRequest, error: AwsError, request_id: str) -> HttpReply:
        """An error as JSON: its shape's full name in `__type`."""
        answer = {"__type": error_names.qualified(service, error.code)}
        if error.message:
            answer[error_names.message_member(service, error.code)] = error.message
        body = dump(answer | error.fields)
        more = headers(service, request, request_id, body)
        query_code = error_names.query_code(service, error)
        if query_code is not None:
            more.append((b"x-amzn-query-error", f"{query_code};{error.fault}".encode()))
        return HttpReply(error.status, body, more)


def parse(body: bytes) -> Any:
    """A JSON value, {} for an empty body; raises `AwsError`."""
    try:
        return orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        raise AwsError(complaints.SERIALIZATION, "The request body is not valid JSON.") from None


def fit(service: str, operation: str, value: dict[str, Any], leaves: Leaves) -> dict[str, Any]:
    """A decoded tree as parameters; raises `AwsError` in the words of the service."""
    read = reader_of(service, operation, leaves)
    return checked(service, operation, lambda: read(value))


def dump(value: Any) -> bytes:
    """A reply, or an error's body, as JSON."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def headers(service: str | None, request: HttpRequest, request_id: str, body: bytes) -> list[tuple[bytes, bytes]]:
    """What goes with a JSON body."""
    content_type = request.headers.get(b"content-type", b"").partition(b";")[0].strip()
    if content_type not in (b"application/x-amz-json-1.0", b"application/x-amz-json-1.1"):
        content_type = b"application/json" if service is None else b"application/x-amz-json-1.0"
    answer = [(b"content-type", content_type), (b"x-amzn-requestid", request_id.encode())]
    if service in (None, "dynamodb"):
        answer.append((b"x-amz-crc32", b"%d" % zlib.crc32(body)))
    return answer


def read_blob(value: Any, shape: Shape) -> bytes:
    """Bytes from base64; raises `Misfit`."""
    if type(value) is not str:
        raise Misfit(value, shape)
    if len(value) % 4:
        reason = f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}"
        raise Misfit(value, shape, reason)
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        # AWS's spelling.
        raise Misfit(value, shape, "Invalid last non-pad Base64 character dectected") from None


def read_timestamp(value: Any, shape: Shape) -> datetime:
    """A moment from epoch seconds; raises `Misfit`."""
    if type(value) is not int and type(value) is not float:
        raise Misfit(value, shape)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise Misfit(value, shape, f"{value} is no time between the years 1 and 9999") from None


STRICT = Leaves(read_blob, read_timestamp)
LENIENT = Leaves(read_blob, read_timestamp, lenient=True)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no form in AWS JSON")
