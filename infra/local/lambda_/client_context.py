"""ClientContext: what a caller hands to a function beside the event, as `context.client_context` in its handler."""

from __future__ import annotations

import json
from base64 import b64decode
from types import SimpleNamespace
from typing import Any

from infra.local.lambda_.errors import bad_content, invalid_parameter
from infra.local.lambda_.limits import CLIENT_CONTEXT_CHARS


def client_context_of(text: str | None) -> Any:
    """Base64 of a JSON object with `client`, `custom` and `env`, as the Python runtime shows it; None if not given."""
    if text is None:
        return None
    if len(text) > CLIENT_CONTEXT_CHARS:
        raise invalid_parameter(f"Client context must be no larger than {CLIENT_CONTEXT_CHARS} bytes.")
    try:
        value = json.loads(b64decode(text, validate=True))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad_content("Client context must be a valid Base64-encoded JSON object.")
    client = value.get("client")
    return SimpleNamespace(
        custom=value.get("custom"),
        env=value.get("env"),
        client=SimpleNamespace(**client) if isinstance(client, dict) else None,
    )
