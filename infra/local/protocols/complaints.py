"""How each service words its complaint about a request that does not fit its model.

The words are AWS's own. DynamoDB's differ by where the wrong value stands and name the Java class it was to become;
the other JSON services say which JSON token cannot become which type, and we add where it stands.
"""

import math
from typing import Any

from infra.local.errors import AwsError
from infra.local.protocols.required import Key, Path
from infra.local.protocols.shapes import Misfit

SERIALIZATION = "SerializationException"

#: Names in one message at most.
MISSING_LIMIT = 10

#: What AWS calls the kinds of JSON values.
TOKENS: dict[type, str] = {
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "DECIMAL_VALUE",
    bytes: "BINARY_VALUE",
    list: "START_ARRAY",
    dict: "START_OBJECT",
}

#: What AWS calls the types of scalar members.
TYPES = {
    "string": "String",
    "character": "String",
    "integer": "Integer",
    "long": "Long",
    "boolean": "Boolean",
    "float": "Float",
    "double": "Double",
    "timestamp": "Date",
    "blob": "Blob",
    "list": "a list",
    "map": "a map",
    "structure": "a structure",
}

#: The one type to which the other JSON services give its article: https://github.com/async-aws/aws/issues/1667
AN_INTEGER = {"integer": "an Integer"}

DYNAMODB_CLASSES = "com.amazonaws.dynamodb.v20120810."

#: DynamoDB's answer to a scalar where a list of lists, a map of lists or a list of maps wants its inner collection.
NESTED_COLLECTION = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "
    "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of "
    "loader 'bootstrap')"
)


def does_not_fit(service: str, misfit: Misfit) -> AwsError:
    """The error for a value of the wrong kind."""
    if service == "dynamodb":
        return AwsError(SERIALIZATION, misfit.reason or _dynamodb_words(misfit))
    where = f"in {misfit.where}" if misfit.path else "in the request"
    kind = misfit.shape.type_name
    words = misfit.reason or f"{_token(misfit.value)} can not be converted to {AN_INTEGER.get(kind, TYPES[kind])}"
    return AwsError(SERIALIZATION, f"{words} ({where})")


def _token(value: Any) -> str:
    if value is True:
        return "TRUE_VALUE"
    if value is False:
        return "FALSE_VALUE"
    # orjson reads integers beyond 64 bits as floats.
    if type(value) is float and value.is_integer() and math.fabs(value) >= 2**63:
        return "NUMBER_VALUE"
    return TOKENS.get(type(value), "NULL_VALUE")


def _dynamodb_words(misfit: Misfit) -> str:
    value, shape = misfit.value, misfit.shape
    if type(value) is dict:
        return "Start of structure or map found where not expected"
    if type(value) is list:
        kind = "type" if shape.type_name in ("list", "map") else "type class"
        return f"Unrecognized collection {kind} {_java_class(shape)}"
    match shape.type_name:
        case "structure":
            return "Unexpected value type in payload" if misfit.in_collection else "Unexpected field type"
        case "list" | "map":
            return NESTED_COLLECTION if misfit.in_collection else "Unexpected field type"
        case "blob":
            return "only base-64-encoded strings are convertible to bytes"
        case "boolean" if type(value) is str:
            return "Unexpected token received from parser"
    return f"{_token(value)} cannot be converted to {TYPES[shape.type_name]}"


def _java_class(shape: Any) -> str:
    match shape.type_name:
        case "structure":
            return f"{DYNAMODB_CLASSES}{shape.name}"
        case "list":
            return f"java.util.List<{_java_class(shape.member)}>"
        case "map":
            return f"java.util.Map<java.lang.String, {_java_class(shape.value)}>"
        case "blob":
            return "java.nio.ByteBuffer"
    return f"java.lang.{TYPES[shape.type_name]}"


def missing(service: str, paths: list[Path]) -> AwsError:
    """The error for required members that are not there."""
    if service == "sqs":
        name = ".".join(str(part) for part in paths[0])
        return AwsError(
            "MissingRequiredParameterException",
            f"The request must contain the parameter {name}.",
            query_code="MissingParameter",
        )
    count = min(len(paths), MISSING_LIMIT)
    complaints = "; ".join(
        f"Value null at '{_coral_path(path)}' failed to satisfy constraint: Member must not be null"
        for path in paths[:MISSING_LIMIT]
    )
    return validation_error(service, f"{count} validation error{'s' * (count > 1)} detected: {complaints}")


def _coral_path(path: Path) -> str:
    """`attributeDefinitions.1.member.attributeName`: as AWS's framework writes a path."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int | Key):
            words += [str(part), "member"]
        else:
            words.append(part[:1].lower() + part[1:])
    return ".".join(words)


def unknown(service: str, path: list[str]) -> AwsError:
    """AWS ignores what it does not know; here that could be a parameter newer than our models, so it is named."""
    message = f"The embedded AWS does not know the parameter {'.'.join(reversed(path))} of {service}."
    if service == "sqs":
        return AwsError("InvalidParameterValueException", message, query_code="InvalidParameterValue")
    return validation_error(service, message)


def validation_error(service: str, message: str) -> AwsError:
    """What a service calls a request that breaks its model's rules."""
    query_code = "ValidationError" if service in ("cloudwatch", "sts") else None
    return AwsError("ValidationException", message, query_code=query_code)
