"""The AWS JSON protocol (1.0 and 1.1), both ways, compiled from the service models.

Inwards a request's JSON becomes the parameters that a boto3 caller would have passed: base64 to bytes, epoch
seconds to datetimes, each value's kind checked against its shape. What does not fit is an AWS-shaped error, in
the words of the service concerned. Outwards a reply needs no shape: bytes can only be base64, datetimes only
epoch seconds.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson

from infra.local import model
from infra.local.errors import AwsError

#: Turns a JSON value into a parameter value, or raises.
Reader = Callable[[Any, str], Any]

SERIALIZATION = "SerializationException"

#: What AWS calls the kinds of JSON values in its complaints.
KINDS: dict[type, str] = {
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
    bool: "TRUE_VALUE",
    list: "START_ARRAY",
    dict: "START_OBJECT",
}


def read_params(service: str, operation: str, body: bytes) -> dict[str, Any]:
    """The parameters in a request's body; raises `AwsError` for what is no JSON or does not fit the operation."""
    try:
        value = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        raise AwsError(SERIALIZATION, "The request body is not valid JSON.") from None
    if type(value) is not dict:
        raise AwsError(SERIALIZATION, "The request body is not a JSON object.")
    shape = model.input_shapes(service)[operation]
    params: dict[str, Any] = _reader(service, operation)(value, "") if shape is not None else {}
    return params


def write_reply(reply: Any) -> bytes:
    """A reply, or an error's body, as JSON."""
    return orjson.dumps(reply, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no form in AWS JSON")


@cache
def _reader(service: str, operation: str) -> Reader:
    return _compile(service, model.input_shapes(service)[operation], {})


def _compile(service: str, shape: Any, known: dict[str, Reader]) -> Reader:
    if shape.name in known:
        return lambda value, path: known[shape.name](value, path)
    reader: Reader
    known[shape.name] = lambda value, path: reader(value, path)
    match shape.type_name:
        case "structure":
            reader = _structure(service, shape, known)
        case "list":
            reader = _list(_compile(service, shape.member, known))
        case "map":
            reader = _map(_compile(service, shape.value, known))
        case "blob":
            reader = _read_blob
        case "timestamp":
            reader = _read_timestamp
        case _:
            reader = _scalar(model.SCALARS[shape.type_name])
    known[shape.name] = reader
    return reader


def _structure(service: str, shape: Any, known: dict[str, Reader]) -> Reader:
    members = {name: _compile(service, member, known) for name, member in shape.members.items()}
    required = tuple(shape.required_members)

    def read(value: Any, path: str) -> dict[str, Any]:
        if type(value) is not dict:
            raise _misfit(value, "a structure", path)
        answer = {}
        for name, member in value.items():
            if member is None:
                continue  # AWS takes null for "not given"
            reader = members.get(name)
            if reader is None:
                raise _unknown(service, _join(path, name))
            answer[name] = reader(member, _join(path, name))
        for name in required:
            if name not in answer:
                raise _missing(service, _join(path, name))
        return answer

    return read


def _list(member: Reader) -> Reader:
    def read(value: Any, path: str) -> list[Any]:
        if type(value) is not list:
            raise _misfit(value, "a list", path)
        return [member(item, f"{path}.{number}") for number, item in enumerate(value, 1)]

    return read


def _map(member: Reader) -> Reader:
    def read(value: Any, path: str) -> dict[str, Any]:
        if type(value) is not dict:
            raise _misfit(value, "a map", path)
        return {key: member(item, f"{path}.{key}") for key, item in value.items()}

    return read


def _scalar(expected: type) -> Reader:
    if expected is float:

        def read_float(value: Any, path: str) -> float:
            if type(value) is not float and type(value) is not int:
                raise _misfit(value, "float", path)
            return float(value)

        return read_float
    name = {str: "String", int: "Integer", bool: "Boolean"}[expected]

    def read(value: Any, path: str) -> Any:
        if type(value) is not expected:
            raise _misfit(value, name, path)
        return value

    return read


def _read_blob(value: Any, path: str) -> bytes:
    if type(value) is not str:
        raise _misfit(value, "Blob", path)
    try:
        return b64decode(value, validate=True)
    except binascii.Error:
        raise AwsError(SERIALIZATION, f"The value of {path} is not valid base64.") from None


def _read_timestamp(value: Any, path: str) -> datetime:
    if type(value) is not int and type(value) is not float:
        raise _misfit(value, "Timestamp", path)
    return datetime.fromtimestamp(value, UTC)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _misfit(value: Any, wanted: str, path: str) -> AwsError:
    kind = KINDS.get(type(value), "NULL_VALUE")
    return AwsError(SERIALIZATION, f"{kind} can not be converted to {wanted} (in {path or 'the request'})")


def _missing(service: str, path: str) -> AwsError:
    if service == "sqs":
        return AwsError(
            "MissingRequiredParameterException",
            f"The request must contain the parameter {path}.",
            query_code="MissingParameter",
        )
    lowered = ".".join(part[:1].lower() + part[1:] for part in path.split("."))
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value null at '{lowered}' failed to satisfy constraint: Member must not be null",
    )


def _unknown(service: str, path: str) -> AwsError:
    """AWS ignores what it does not know; here that could be a parameter newer than our models, so it is named."""
    message = f"The embedded AWS does not know the parameter {path} of {service}."
    if service == "sqs":
        return AwsError("InvalidParameterValueException", message, query_code="InvalidParameterValue")
    return AwsError("ValidationException", message)
