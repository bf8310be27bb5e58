"""W3C Trace Context as callers send it: what is taken, and what is ignored."""

from __future__ import annotations

import logging

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext

from queues.observe.trace_context import MAX_STATE_CHARS, sent_by, text_of
from queues.observe.tracing import from_caller

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


def joined(parents: list[str], states: list[str]) -> tuple[str, str, int, str] | None:
    """Trace, span, flags and state that are current in a request with these headers."""
    with from_caller(parents, states):
        found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return None
    return f"{found.trace_id:032x}", f"{found.span_id:016x}", int(found.trace_flags), found.trace_state.to_header()


@pytest.mark.parametrize(
    ("parent", "flags"),
    [
        (PARENT, 1),
        (f"00-{TRACE}-{SPAN}-00", 0),
        (f" \t{PARENT} ", 1),
        pytest.param(f"01-{TRACE}-{SPAN}-01", 1, id="a later version"),
        pytest.param(f"cc-{TRACE}-{SPAN}-01-what the future brings", 1, id="a later version with more"),
    ],
)
def test_what_is_sound_is_taken(parent: str, flags: int) -> None:
    assert joined([parent], ["a=1", " b=2 ,,c=3"]) == (TRACE, SPAN, flags, "a=1,b=2,c=3")


@pytest.mark.parametrize(
    "parents",
    [
        pytest.param([], id="none"),
        pytest.param([""], id="empty"),
        pytest.param([PARENT, PARENT], id="twice"),
        pytest.param([f"{PARENT},{PARENT}"], id="twice, joined by a gateway"),
        pytest.param([f"ff-{TRACE}-{SPAN}-01"], id="a version that there cannot be"),
        pytest.param([f"00-{'0' * 32}-{SPAN}-01"], id="no trace"),
        pytest.param([f"00-{TRACE}-{'0' * 16}-01"], id="no span"),
        pytest.param([PARENT.upper()], id="upper case"),
        pytest.param([f"{PARENT}-more"], id="this version with more"),
        pytest.param([PARENT[:-1]], id="short"),
        pytest.param([f"0-{TRACE}-{SPAN}-01"], id="short version"),
        pytest.param([f"01-{TRACE}-{SPAN}-01-{'x' * 500}"], id="long"),
        pytest.param(["00-\x00é-1-1"], id="no text"),
    ],
)
def test_what_is_malformed_is_ignored_with_its_state(parents: list[str], caplog: pytest.LogCaptureFixture) -> None:
    assert joined(parents, ["a=1"]) is None
    assert caplog.records == []


@pytest.mark.parametrize(
    "states",
    [
        pytest.param(["a=1,a=2"], id="a key twice"),
        pytest.param(["a=1", "a=2"], id="in two headers"),
        pytest.param(["a=1,b"], id="no value"),
        pytest.param(["A=1"], id="upper case"),
        pytest.param(["a=1=2"], id="a value with an equals sign"),
        pytest.param(["a=é"], id="no ASCII"),
        pytest.param([",".join(f"k{number}=1" for number in range(33))], id="33 members"),
    ],
)
def test_a_state_that_is_malformed_costs_the_state_alone(states: list[str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert joined([PARENT], states) == (TRACE, SPAN, 1, "")
    assert caplog.records == [], "a caller could fill the log"


def test_a_state_that_is_long_is_shortened_as_w3c_says() -> None:
    long, short = f"vendor@x={'v' * 200}", [f"k{number}={'v' * 90}" for number in range(6)]
    state = sent_by([PARENT], [",".join([long, *short])])["tracestate"]
    assert state.split(",") == short[:5]
    assert len(state) <= MAX_STATE_CHARS
    assert sent_by([PARENT], [long])["tracestate"] == long
    # So is one that comes by another way: from an instrumentation of the server, say.
    assert text_of({"traceparent": PARENT, "tracestate": ",".join([long, *short])}) == f"{PARENT} {state}"


def test_nothing_changes_where_a_span_is_current() -> None:
    servers = NonRecordingSpan(SpanContext(1, 2, is_remote=False))
    with trace.use_span(servers):
        assert joined([PARENT], []) == (f"{1:032x}", f"{2:016x}", 0, "")


def test_it_ends_with_the_request() -> None:
    with pytest.raises(LookupError), from_caller([PARENT], []):
        raise LookupError
    assert not trace.get_current_span().get_span_context().is_valid
