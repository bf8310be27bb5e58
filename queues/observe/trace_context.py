"""The W3C context that a job carries, as one text: traceparent, and after a space tracestate if there is one. Pure.

Nothing here needs OpenTelemetry: a process in which traces are off hands on what it was given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Characters of a traceparent that is looked at. One of the version that there is has 55; a later one may have more.
MAX_PARENT_CHARS = 512
#: Members of a tracestate. (W3C Trace Context, 3.3.1)
MAX_STATE_MEMBERS = 32
#: Characters of a tracestate that is handed on: the least that W3C asks for, since each job's row carries them.
MAX_STATE_CHARS = 512
#: A member with more characters goes first where there is too much. (W3C Trace Context, 3.3.1.5)
LONG_MEMBER_CHARS = 128
_KEY = r"[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}"
_MEMBER = re.compile(rf"({_KEY})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")


def headers_of(told: str) -> dict[str, str]:
    """The two headers of W3C Trace Context."""
    parent, _, state = told.partition(" ")
    return {"traceparent": parent} | ({"tracestate": state} if state else {})


def text_of(headers: dict[str, str]) -> str | None:
    """The inverse, with as much of tracestate as a row carries; None if there is no trace."""
    parent, state = headers.get("traceparent"), headers.get("tracestate", "")
    if len(state) > MAX_STATE_CHARS:
        state = _shortened(state.split(","))
    return None if parent is None else f"{parent} {state}".rstrip()


def message_attributes(told: str) -> dict[str, dict[str, str]]:
    """SQS's MessageAttributes that tell it."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in headers_of(told).items()}


def sent_by(parents: Sequence[str], states: Sequence[str]) -> dict[str, str]:
    """What is left of a caller's headers, all of each name, where W3C Trace Context has parts of them ignored.

    Nothing, unless there is one traceparent; whether that is sound is for its reader. Of tracestate nothing if a member
    is malformed, comes twice or is one too many.
    """
    if len(parents) != 1 or len(parents[0]) > MAX_PARENT_CHARS:
        return {}
    state = _state(states)
    return {"traceparent": parents[0]} | ({"tracestate": state} if state else {})


def _state(states: Sequence[str]) -> str:
    members = [member for part in ",".join(states).split(",") if (member := part.strip(" \t"))]
    keys = {found[1] for member in members if (found := _MEMBER.fullmatch(member))}
    if len(keys) < len(members) or len(members) > MAX_STATE_MEMBERS:
        return ""
    return _shortened(members)


def _shortened(members: Sequence[str]) -> str:
    kept = list(members)
    for shortest in (LONG_MEMBER_CHARS + 1, 0):
        for member in reversed(members):
            if len(",".join(kept)) > MAX_STATE_CHARS and len(member) >= shortest and member in kept:
                kept.remove(member)
    return ",".join(kept)
