"""Smithy RPC v2 CBOR: the operation in the path, CBOR both ways. CloudWatch's newer clients speak it.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import cbor2
from botocore.model import Shape

from infra.local.errors import AwsError
from infra.local.protocols import complaints, error_names
from infra.local.protocols.aws_json import fit, read_timestamp
from infra.local.protocols.shapes import Leaves, Misfit
from infra.local.protocols.target import Target
from infra.local.wire import HttpReply, HttpRequest

#: Maps and lists inside one another at most.
MAX_DEPTH = 64

#: What both sides say in the header Smithy-Protocol.
NAME = b"rpc-v2-cbor"


class SmithyCbor:
    """The protocol; it has no state."""

    def read(self, target: Target, request: HttpRequest, endpoint: str) -> dict[str, Any]:
        """The parameters in the body; raises `AwsError`."""
        return fit(target.service, target.operation, parse(request.body), LEAVES)

    def write(self, target: Target, request: HttpRequest, reply: dict[str, Any], request_id: str) -> HttpReply:
        """A reply as CBOR, a map even where the operation answers nothing."""
        return HttpReply(200, dump(reply), headers(request_id))

    def refuse(self, service: str | None, request: HttpRequest, error: AwsError, request_id: str) -> HttpReply:
        """An error as CBOR: its shape's full name in `__type`."""
        answer: dict[str, Any] = {"__type": error_names.qualified(service, error.code)}
        if error.message:
            answer[error_names.message_member(service, error.code)] = error.message
        more = headers(request_id)
        query_code = error_names.query_code(service, error)
        if query_code is not None:
            more.append((b"x-amzn-query-error", f"{query_code};{error.fault}".encode()))
        return HttpReply(error.status, dump(answer | error.fields), more)


def headers(request_id: str) -> list[tuple[bytes, bytes]]:
    """What goes with a CBOR body."""
    return [
        (b"smithy-protocol", NAME),
        (b"content-type", b"application/cbor"),
        (b"x-amzn-requestid", request_id.encode()),
    ]


def parse(body: bytes) -> dict[str, Any]:
    """The map that a body holds, {} for an empty one; raises `AwsError`."""
    if not body:
        return {}
    stream = BytesIO(body)
    try:
        decoder = cbor2.CBORDecoder(
            stream,
            tag_hook=_refuse_tag,
            semantic_decoders=REFUSED,
            max_depth=MAX_DEPTH,
            strict_hashable_types=True,
        )
        value = decoder.decode()
    except Exception as error:
        # Whatever a decoder stumbles on (an end too soon, a map as a key, a date that is none) is the sender's.
        raise AwsError(complaints.SERIALIZATION, f"The request body is not valid CBOR: {error}"[:300]) from None
    if stream.tell() != len(body):
        raise AwsError(complaints.SERIALIZATION, "The request body has more bytes after its CBOR value.")
    if type(value) is not dict:
        raise AwsError(complaints.SERIALIZATION, "The request body is not a CBOR map.")
    return value


def dump(value: dict[str, Any]) -> bytes:
    """A reply, or an error's body, as CBOR; moments as tagged epoch seconds."""
    return cbor2.dumps(value, datetime_as_timestamp=True, timezone=UTC, encoders=ENCODERS)


def _refuse_tag(decoder: Any, tag: Any = None) -> Any:
    raise ValueError("of CBOR's tags only epoch seconds and big integers have a meaning here")


#: Tags that the library would turn into objects (shared references, patterns, sets ...), and that no AWS service has.
REFUSED = dict.fromkeys(
    (0, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000), _refuse_tag
)

ENCODERS: dict[type, Any] = {Decimal: lambda encoder, value: encoder.encode(float(value))}


def _read_blob(value: Any, shape: Shape) -> bytes:
    if type(value) is not bytes:
        raise Misfit(value, shape)
    return value


def _read_moment(value: Any, shape: Shape) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else read_timestamp(value, shape)


LEAVES = Leaves(_read_blob, _read_moment)
