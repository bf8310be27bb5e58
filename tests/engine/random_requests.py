"""Random requests for the operations of AWS's models: nearly right, wrong in one place, or wrong throughout."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import cbor2
from hypothesis import strategies as st

from infra.local import model
from infra.local.protocols.query_names import Names
from infra.local.wire import HttpRequest

#: Texts that mean something to the engine of the fuzz test, next to texts that mean nothing.
KNOWN = [
    "q",
    "q.fifo",
    "http://127.0.0.1:4566/000000000000/q",
    "http://127.0.0.1:4566/000000000000/q.fifo",
    "arn:aws:sqs:us-east-1:000000000000:q",
    "arn:aws:iam::000000000000:role/r",
    "tab",
    "pk",
    "n",
    ":v",
    "#n",
    "pk = :v",
    "SET n = :v",
    "attribute_exists(#n)",
    "rate(5 minutes)",
    "cron(0 10 * * ? *)",
    "at(2030-01-01T00:00:00)",
    "default",
    "g",
    "app",
    "m",
    "m1 + 1",
    "echo",
    "All",
    "String",
    "1",
    "-1",
    "2030-01-01T00:00:00Z",
    "",
]
TEXTS = st.one_of(st.sampled_from(KNOWN), st.text(max_size=20), st.text(st.characters(categories=["Cc"]), max_size=3))
INTEGERS = st.one_of(st.integers(-2, 20), st.integers(-(2**70), 2**70), st.sampled_from([2**31, 2**63, -(2**63) - 1]))
FLOATS = st.floats(width=32)
MOMENTS = st.one_of(st.integers(0, 2**33), st.floats(0, 2**33), st.sampled_from([-1e18, 1e308, 253402300800]))

#: What fits nowhere in particular.
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)

#: Values that members of these names often have, so that many requests come through to the operation's heart.
USUAL: dict[str, Any] = {
    "AttributeNames": ["All"],
    "Dimensions": [{"Name": "d", "Value": "v"}],
    "EndTime": 1_790_003_600,
    "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:q",
    "ExpressionAttributeNames": {"#n": "n"},
    "ExpressionAttributeValues": {":v": {"S": "1"}},
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "FunctionName": "echo",
    "GroupName": "default",
    "Item": {"pk": {"S": "1"}, "n": {"N": "1"}},
    "Key": {"pk": {"S": "1"}},
    "KeyConditionExpression": "pk = :v",
    "MetricName": "m",
    "Namespace": "app",
    "Payload": "e30=",
    "Period": 60,
    "QueueUrl": "http://127.0.0.1:4566/000000000000/q",
    "ResourceArn": "arn:aws:scheduler:us-east-1:000000000000:schedule-group/default",
    "ScheduleExpression": "rate(5 minutes)",
    "StartTime": 1_789_996_400,
    "Statistics": ["Sum"],
    "TableName": "tab",
    "Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": "arn:aws:iam::000000000000:role/r"},
    "Timestamp": 1_790_000_000,
    "UpdateExpression": "SET #n = :v",
}


@dataclass(frozen=True)
class Mood:
    """Chances, out of a hundred, that a value is of a wrong kind, an optional member there, a usual value taken."""

    wrong: int
    there: int
    usual: int


MOODS = st.sampled_from([Mood(0, 8, 95), Mood(0, 30, 80), Mood(2, 15, 90), Mood(5, 40, 20)])


@st.composite
def requests(draw: Any, shape: Any) -> dict[str, Any]:
    """Parameters of this shape: nearly right, wrong in one place, or wrong throughout."""
    answer: dict[str, Any] = draw(structures(shape, draw(MOODS)))
    return answer


@st.composite
def values(draw: Any, shape: Any, mood: Mood, depth: int = 0) -> Any:
    """A value of this shape as JSON, nearly always."""
    if draw(st.integers(1, 100)) <= mood.wrong:
        return draw(ANYTHING)
    match shape.type_name:
        case "structure":
            return draw(structures(shape, mood, depth))
        case "list" if depth < 6:
            return draw(st.lists(values(shape.member, mood, depth + 1), min_size=draw(st.integers(0, 1)), max_size=3))
        case "map" if depth < 6:
            return draw(st.dictionaries(TEXTS, values(shape.value, mood, depth + 1), max_size=3))
        case "list":
            return []
        case "map":
            return {}
        case "string" if shape.enum:
            return draw(st.sampled_from(shape.enum))
        case "string" | "character":
            return draw(TEXTS)
        case "boolean":
            return draw(st.booleans())
        case "integer" | "long":
            return draw(INTEGERS)
        case "blob":
            return draw(st.sampled_from(["", "AP8=", "e30=", "=", "\xe9"]))
        case "timestamp":
            return draw(MOMENTS)
    return draw(st.one_of(FLOATS, INTEGERS))


@st.composite
def structures(draw: Any, shape: Any, mood: Mood, depth: int = 0) -> dict[str, Any]:
    """A structure with its required members and some of the others, nearly always."""
    answer: dict[str, Any] = {}
    names = list(shape.members)
    one_only = bool(getattr(shape, "is_tagged_union", False) and names)
    if one_only and draw(st.integers(1, 100)) > mood.wrong:
        names = [draw(st.sampled_from(names if depth < 6 else names[:2]))]
    for name in names:
        needed = one_only or name in shape.required_members
        if draw(st.integers(1, 100)) > (100 - mood.wrong if needed else mood.there):
            continue
        if name in USUAL and draw(st.integers(1, 100)) <= mood.usual:
            answer[name] = USUAL[name]
        else:
            answer[name] = draw(values(shape.members[name], mood, depth + 1))
    if draw(st.integers(1, 100)) <= mood.wrong:
        answer[draw(TEXTS)] = draw(ANYTHING)
    return answer


def as_json(service: str, operation: str, params: dict[str, Any]) -> HttpRequest:
    """A request of AWS JSON."""
    target = f"{model.metadata(service, 'targetPrefix')}.{operation}".encode()
    headers = {b"x-amz-target": target, b"content-type": b"application/x-amz-json-1.0"}
    return HttpRequest("POST", b"/", b"", headers, json.dumps(params).encode("utf-8", "replace"))


def as_cbor(service: str, operation: str, params: dict[str, Any]) -> HttpRequest:
    """A request of Smithy RPC v2 CBOR, its moments tagged where they can be."""
    path = f"/service/{model.metadata(service, 'targetPrefix')}/operation/{operation}".encode()
    headers = {b"smithy-protocol": b"rpc-v2-cbor", b"content-type": b"application/cbor"}
    body = cbor2.dumps(_tagged(params, model.input_shapes(service)[operation]), datetime_as_timestamp=True)
    return HttpRequest("POST", path, b"", headers, body)


def _tagged(value: Any, shape: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_tagged(item, getattr(shape, "member", None)) for item in value]
    if isinstance(value, dict):
        members = getattr(shape, "members", {})
        return {_tagged(name, None): _tagged(item, members.get(name)) for name, item in value.items()}
    if getattr(shape, "type_name", "") == "timestamp" and isinstance(value, int) and 0 <= value < 2**33:
        return datetime.fromtimestamp(value, UTC)
    return value


def as_form(service: str, operation: str, params: dict[str, Any]) -> HttpRequest:
    """A request of the query protocol."""
    fields = {"Action": operation, "Version": model.metadata(service, "apiVersion")}
    _flatten("", params, model.input_shapes(service)[operation], Names(service), fields)
    body = urlencode(fields, errors="replace").encode()
    return HttpRequest("POST", b"/", b"", {b"content-type": b"application/x-www-form-urlencoded"}, body)


def _flatten(prefix: str, value: Any, shape: Any, names: Names, fields: dict[str, str]) -> None:
    kind = getattr(shape, "type_name", "")
    if isinstance(value, dict) and kind == "structure":
        for name, item in value.items():
            member = shape.members.get(name)
            wire = name if member is None else names.member(name, member)
            _flatten(f"{prefix}.{wire}".strip("."), item, member, names, fields)
    elif isinstance(value, list) and kind == "list":
        between = names.item(shape)
        for number, item in enumerate(value, 1):
            place = f"{prefix}.{number}" if between is None else f"{prefix}.{between}.{number}"
            _flatten(place, item, shape.member, names, fields)
    elif isinstance(value, dict) and kind == "map":
        between, key_name, value_name = names.entry(shape)
        for number, (key, item) in enumerate(value.items(), 1):
            place = f"{prefix}.{number}" if between is None else f"{prefix}.{between}.{number}"
            fields[f"{place}.{key_name}"] = key
            _flatten(f"{place}.{value_name}", item, shape.value, names, fields)
    else:
        fields[prefix] = str(value)


def as_rest(service: str, operation: str, params: dict[str, Any]) -> HttpRequest:
    """A request of REST JSON."""
    http = model.service_model(service).operation_model(operation).http
    path, _, query = http["requestUri"].partition("?")
    shape = model.input_shapes(service)[operation]
    fields, headers, body, payload = [query] if query else [], {}, {}, None
    for name, value in params.items():
        member = shape.members.get(name)
        place = member.serialization.get("location") if member is not None else None
        wire = member.serialization.get("name", name) if member is not None else name
        text = quote(str(value), safe="", errors="replace")
        if place == "uri":
            path = path.replace("{" + wire + "}", text or "x")
        elif place == "querystring":
            fields.append(f"{wire}={text}")
        elif place == "header":
            headers[wire.lower().encode()] = str(value).encode("latin-1", "replace").replace(b"\n", b" ")
        elif shape.serialization.get("payload") == name:
            payload = str(value).encode("utf-8", "replace")
        else:
            body[wire] = value
    path = path.replace("{", "").replace("}", "")
    content = json.dumps(body).encode("utf-8", "replace") if payload is None else payload
    return HttpRequest(http["method"], path.encode(), "&".join(fields).encode(), headers, content)


ENCODERS = {"json": as_json, "cbor": as_cbor, "form": as_form, "rest": as_rest}
