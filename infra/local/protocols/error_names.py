"""What an error is called in each protocol, derived from the service's model."""

from typing import Any

from infra.local import model
from infra.local.errors import AwsError

#: The namespace of errors that AWS's framework raises before a service sees the request.
FRAMEWORK = "com.amazon.coral.service#"

#: The namespace of DynamoDB's ValidationException, which its model does not list.
VALIDATION = "com.amazon.coral.validate#"

#: The namespaces of the services' own errors, where AWS names them in full.
NAMESPACES = {
    "sqs": "com.amazonaws.sqs#",
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
    "cloudwatch": "com.amazonaws.cloudwatch.v2010_08_01#",
}


def qualified(service: str | None, code: str) -> str:
    """An error's name with its namespace, as `__type` has it."""
    if service is None:
        return FRAMEWORK + code
    if code in model.error_shapes(service):
        return NAMESPACES.get(service, "") + code
    if service == "dynamodb" and code == "ValidationException":
        return VALIDATION + code
    # SQS's own errors that its model has no shape for, such as InvalidParameterValueException.
    return (NAMESPACES.get(service, "") if code in OWN.get(service, ()) else FRAMEWORK) + code


#: Errors of a service that AWS sends under its namespace, and that botocore's model lacks.
OWN = {
    "sqs": {"InvalidParameterValueException", "MissingRequiredParameterException"},
}


def message_member(service: str | None, code: str) -> str:
    """`message` or `Message`: AWS spells it differently from error to error."""
    shape = _shape(service, code)
    if shape is not None:
        for name in ("message", "Message"):
            if name in shape.members:
                return name
    return "Message" if code in ("SerializationException", "AccessDeniedException") else "message"


def query_code(service: str | None, error: AwsError) -> str | None:
    """The code that the query protocol has for an error, where it is another protocol's business to carry it."""
    if service is None or "awsQueryCompatible" not in model.service_model(service).metadata:
        return None
    if error.query_code is not None:
        return error.query_code
    shape = _shape(service, error.code)
    return None if shape is None else shape.metadata.get("error", {}).get("code")


def has_member(service: str | None, code: str, member: str) -> bool:
    """Whether an error's shape has a further member, such as Lambda's `Type`."""
    shape = _shape(service, code)
    return shape is not None and member in shape.members


def _shape(service: str | None, code: str) -> Any:
    return None if service is None else model.error_shapes(service).get(code)
