"""The W3C context that a job carries, as one text: traceparent, and after a space tracestate if there is one. Pure.

Nothing here needs OpenTelemetry: a process in which traces are off hands on what it was given.
"""

from __future__ import annotations


def headers_of(told: str) -> dict[str, str]:
    """The two headers of W3C Trace Context."""
    parent, _, state = told.partition(" ")
    return {"traceparent": parent} | ({"tracestate": state} if state else {})


def text_of(headers: dict[str, str]) -> str | None:
    """The inverse; None if there is no trace."""
    parent = headers.get("traceparent")
    return None if parent is None else f"{parent} {headers.get('tracestate', '')}".rstrip()


def message_attributes(told: str) -> dict[str, dict[str, str]]:
    """SQS's MessageAttributes that tell it."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in headers_of(told).items()}
