"""The query protocol's other voice: its replies as JSON, for callers that send `Accept: application/json`.

AWS's framework offers it for all services of the query protocol, SQS among them; hand-written callers like it. A
member that has no value is null; a map is a list of its entries, with the names that the XML has.
"""

from datetime import datetime
from typing import Any

from infra.local import model
from infra.local.errors import AwsError
from infra.local.protocols.aws_json import dump
from infra.local.protocols.query_names import Names
from infra.local.wire import HttpReply, HttpRequest

#: Members that are called otherwise here: the output members of SQS in its API of 2012-11-05.
OWN_NAMES = {"Messages": "messages", "QueueUrls": "queueUrls"}


def is_asked_for(request: HttpRequest) -> bool:
    """Whether the caller takes JSON and nothing else."""
    return request.headers.get(b"accept") == b"application/json"


def reply(service: str, operation: str, answer: dict[str, Any], request_id: str) -> HttpReply:
    """`{"SendMessageResponse": {"SendMessageResult": ..., "ResponseMetadata": ...}}`."""
    shape = model.output_shapes(service)[operation]
    content: dict[str, Any] = {}
    if shape is not None:
        content[f"{operation}Result"] = _plain(answer, shape, Names(service))
    content["ResponseMetadata"] = {"RequestId": request_id}
    return _document(200, {f"{operation}Response": content}, request_id)


def refusal(error: AwsError, code: str, message: str, request_id: str) -> HttpReply:
    """`{"Error": {"Code": ...}, "RequestId": ...}`."""
    content = {"Code": code, "Detail": None, "Message": message, "Type": error.fault}
    return _document(error.status, {"Error": content, "RequestId": request_id}, request_id)


def _document(status: int, content: dict[str, Any], request_id: str) -> HttpReply:
    headers = [(b"content-type", b"application/json"), (b"x-amzn-requestid", request_id.encode())]
    return HttpReply(status, dump(content), headers)


def _plain(value: Any, shape: Any, names: Names) -> Any:
    if value is None:
        return None
    match shape.type_name:
        case "structure":
            own = OWN_NAMES if names.service == "sqs" else {}
            return {own.get(name, name): _plain(value.get(name), m, names) for name, m in shape.members.items()}
        case "list":
            return [_plain(item, shape.member, names) for item in value]
        case "map":
            _, key, content = names.entry(shape)
            return [{key: name, content: _plain(item, shape.value, names)} for name, item in value.items()]
    return value.timestamp() if isinstance(value, datetime) else value
