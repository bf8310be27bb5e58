"""The payload that every contestant carries, so that all of them carry the same."""

from __future__ import annotations

import json

#: Bytes of the payload as compact JSON.
PAYLOAD_BYTES = 200

PAYLOAD: dict[str, str] = {"text": "x" * (PAYLOAD_BYTES - len('{"text":""}'))}

if len(json.dumps(PAYLOAD, separators=(",", ":"))) != PAYLOAD_BYTES:
    raise AssertionError("the payload is not of the promised size")
