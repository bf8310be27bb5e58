"""The MD5 sums by which SQS lets a client see that its message arrived as it was sent.

Source: "Calculating the MD5 message digest for message attributes" in the SQS developer guide. MD5 is a
checksum here, not a safeguard.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

#: How an attribute's value travels, one byte in the digest.
TRANSPORT_STRING, TRANSPORT_BINARY = b"\x01", b"\x02"


def md5_of_body(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    """Of names, types and values in the order of the names, each with its length before it."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        _add(digest, name.encode())
        _add(digest, attribute["DataType"].encode())
        if "BinaryValue" in attribute:
            digest.update(TRANSPORT_BINARY)
            _add(digest, attribute["BinaryValue"])
        else:
            digest.update(TRANSPORT_STRING)
            _add(digest, attribute["StringValue"].encode())
    return digest.hexdigest()


def _add(digest: Any, value: bytes) -> None:
    digest.update(len(value).to_bytes(4, "big"))
    digest.update(value)
