"""REST JSON: method and path say the operation, parameters travel in path, query, headers and a JSON body.

Scheduler and Lambda speak it. Compiled from the service's model once for each operation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from typing import Any

from infra.local import model
from infra.local.errors import AwsError
from infra.local.protocols import aws_json, complaints, error_names
from infra.local.protocols.form import SCALARS, fields_of
from infra.local.protocols.reading import checked
from infra.local.protocols.shapes import Misfit, Reader, UnknownMember, compile_reader
from infra.local.protocols.target import Target
from infra.local.wire import HttpReply, HttpRequest


@dataclass(frozen=True)
class Bindings:
    """Where the members of a structure travel: each a list of (name on the wire, member name, shape)."""

    path: tuple[tuple[str, str, Any], ...]
    query: tuple[tuple[str, str, Any], ...]
    header: tuple[tuple[str, str, Any], ...]
    #: The member that is the whole body.
    payload: str | None
    #: The member that is the HTTP status.
    status: str | None
    #: Members of the JSON body by their names there.
    body: dict[str, tuple[str, Any]]


class RestJson:
    """The protocol; it has no state."""

    def read(self, target: Target, request: HttpRequest, endpoint: str) -> dict[str, Any]:
        """The parameters in path, query, headers and body; raises `AwsError`."""
        service, operation = target.service, target.operation
        if model.input_shapes(service)[operation] is None:
            return {}
        bound = _input(service, operation)

        def read() -> dict[str, Any]:
            params = {name: _scalar(target.labels[wire], member, name) for wire, name, member in bound.path}
            if request.query and bound.query:
                params |= _from_query(bound, fields_of(request.query))
            params |= _from_headers(bound, request)
            params |= _from_body(service, operation, bound, request)
            return params

        return checked(service, operation, read)

    def write(self, target: Target, request: HttpRequest, reply: dict[str, Any], request_id: str) -> HttpReply:
        """A reply: status, headers, and a body that is JSON or the payload itself."""
        http = model.service_model(target.service).operation_model(target.operation).http
        headers = [(b"x-amzn-requestid", request_id.encode())]
        status = int(http.get("responseCode", 200))
        shape = model.output_shapes(target.service)[target.operation]
        if shape is None:
            return HttpReply(status, b"", headers)
        bound = _output(target.service, target.operation)
        if bound.status is not None and bound.status in reply:
            status = reply[bound.status]
        for wire, name, member in bound.header:
            if reply.get(name) is not None:
                headers.append((wire.lower().encode(), _header_text(reply[name], member).encode("latin-1", "replace")))
        if status == 204:
            return HttpReply(status, b"", headers)
        if bound.payload is not None and shape.members[bound.payload].type_name in ("blob", "string"):
            return HttpReply(
                status, _bytes(reply.get(bound.payload)), [*headers, (b"content-type", b"application/json")]
            )
        content = reply.get(bound.payload, {}) if bound.payload is not None else _body_of(bound, reply)
        return HttpReply(status, aws_json.dump(content), [*headers, (b"content-type", b"application/json")])

    def refuse(self, service: str | None, request: HttpRequest, error: AwsError, request_id: str) -> HttpReply:
        """An error: its name in the header x-amzn-errortype, its members as JSON."""
        answer: dict[str, Any] = {error_names.message_member(service, error.code): error.message}
        if error_names.has_member(service, error.code, "Type"):
            answer["Type"] = "User" if error.status < 500 else "Server"
        headers = [
            (b"content-type", b"application/json"),
            (b"x-amzn-requestid", request_id.encode()),
            (b"x-amzn-errortype", error.code.encode()),
        ]
        return HttpReply(error.status, aws_json.dump(answer | error.fields), headers)


def _bindings_of(shape: Any) -> Bindings:
    places: dict[str, list[tuple[str, str, Any]]] = {"uri": [], "querystring": [], "header": []}
    status, body = None, {}
    payload = shape.serialization.get("payload")
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if place == "statusCode":
            status = name
        elif place in places:
            places[place].append((wire, name, member))
        elif name != payload:
            body[wire] = (name, member)
    return Bindings(
        tuple(places["uri"]),
        tuple(places["querystring"]),
        tuple(places["header"]),
        payload,
        status,
        body,
    )


@cache
def _input(service: str, operation: str) -> Bindings:
    return _bindings_of(model.input_shapes(service)[operation])


@cache
def _output(service: str, operation: str) -> Bindings:
    return _bindings_of(model.output_shapes(service)[operation])


def _from_query(bound: Bindings, fields: list[tuple[str, str]]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for wire, name, member in bound.query:
        values = [value for field, value in fields if field == wire]
        if not values:
            continue
        if member.type_name == "list":
            answer[name] = [_scalar(value, member.member, name) for value in values]
        else:
            answer[name] = _scalar(values[-1], member, name)
    return answer


def _from_headers(bound: Bindings, request: HttpRequest) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for wire, name, member in bound.header:
        value = request.headers.get(wire.lower().encode())
        if value is not None:
            answer[name] = _scalar(value.decode("latin-1"), member, name, in_header=True)
    return answer


def _from_body(service: str, operation: str, bound: Bindings, request: HttpRequest) -> dict[str, Any]:
    if bound.payload is not None:
        shape = model.input_shapes(service)[operation].members[bound.payload]
        if shape.type_name == "blob":
            return {bound.payload: request.body} if request.body else {}
        if not request.body:
            return {}
        return {bound.payload: _reader(service, operation, bound.payload)(aws_json.parse(request.body))}
    if not bound.body or not request.body:
        return {}
    value = aws_json.parse(request.body)
    if type(value) is not dict:
        raise AwsError(complaints.SERIALIZATION, "The request body is not a JSON object.")
    answer = {}
    for wire, item in value.items():
        if item is None:
            continue  # AWS takes null for "not given"
        found = bound.body.get(wire)
        if found is None:
            raise UnknownMember(wire)
        try:
            answer[found[0]] = _reader(service, operation, found[0])(item)
        except Misfit as misfit:
            raise misfit.inside(wire) from None
        except UnknownMember as unknown:
            unknown.path.append(wire)
            raise
    return answer


@cache
def _reader(service: str, operation: str, member: str) -> Reader:
    return compile_reader(model.input_shapes(service)[operation].members[member], aws_json.STRICT, {})


def _scalar(text: str, shape: Any, name: str, *, in_header: bool = False) -> Any:
    convert: Callable[[str, Any], Any] = SCALARS[shape.type_name]
    try:
        if in_header and shape.type_name == "timestamp":
            return parsedate_to_datetime(text).astimezone(UTC)
        return convert(text, shape)
    except Misfit as misfit:
        raise misfit.inside(name) from None
    except ValueError:
        raise Misfit(text, shape).inside(name) from None


def _header_text(value: Any, shape: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    # A line break would begin another header.
    return str(value).replace("\r", " ").replace("\n", " ")


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode()
    return bytes(value)


def _body_of(bound: Bindings, reply: dict[str, Any]) -> dict[str, Any]:
    return {wire: reply[name] for wire, (name, _) in bound.body.items() if reply.get(name) is not None}
