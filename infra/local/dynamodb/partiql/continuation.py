"""NextToken: where a SELECT goes on, sealed to the statement and the parameters that it came from.

The seal is a digest of both; behind it stand the number of the partition and the last key that was read.
"""

import base64
import binascii
import hashlib
from typing import Any

import orjson

from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.items import decode, encode
from infra.local.dynamodb.partiql.reading import Position

_SEAL_BYTES = 16
_PARTITION_BYTES = 2
_START = Position()


def written(position: Position, params: dict[str, Any]) -> str:
    """The token for the next page of the call `params`."""
    partition = position.partition.to_bytes(_PARTITION_BYTES, "big")
    key = b"" if position.after is None else encode(position.after)
    return base64.b64encode(_seal(params) + partition + key).decode()


def read(params: dict[str, Any]) -> Position:
    """Where the call `params` asks to go on; the start without a token."""
    token = params.get("NextToken")
    if token is None:
        return _START
    try:
        content = base64.b64decode(token, validate=True)
        seal, partition, key = (
            content[:_SEAL_BYTES],
            content[_SEAL_BYTES : _SEAL_BYTES + _PARTITION_BYTES],
            content[_SEAL_BYTES + _PARTITION_BYTES :],
        )
        after = decode(key) if key else None
    except (binascii.Error, ValueError):
        raise invalid("Invalid NextToken") from None
    if len(partition) != _PARTITION_BYTES:
        raise invalid("Invalid NextToken")
    if seal != _seal(params):
        raise invalid("NextToken does not match request")
    return Position(int.from_bytes(partition, "big"), after)


def _seal(params: dict[str, Any]) -> bytes:
    text = orjson.dumps([params["Statement"], params.get("Parameters")], default=repr)
    return hashlib.sha256(text).digest()[:_SEAL_BYTES]
