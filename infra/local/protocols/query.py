"""The AWS query protocol: a form in, XML out. STS speaks nothing else, CloudWatch as well, SQS as it did before 2023.

It is what boto3 before 1.28.82, boto 2, the JS SDK v2 and many hand-written callers send to SQS. A form comes in the
body of a POST or in the query string of a GET, to `/` or to a queue's URL, which then is the parameter QueueUrl.
"""

from typing import Any

from infra.local import model
from infra.local.errors import AwsError
from infra.local.protocols import complaints, query_json, xml
from infra.local.protocols.form import Node, fields_of, form_reader_of, tree_of
from infra.local.protocols.reading import checked
from infra.local.protocols.shapes import Misfit
from infra.local.protocols.target import Target
from infra.local.wire import HttpReply, HttpRequest

FORM = "application/x-www-form-urlencoded"

#: XML namespaces of services whose model no longer says it.
NAMESPACES = {"sqs": "http://queue.amazonaws.com/doc/2012-11-05/"}

#: SQS ends this one sentence otherwise in its older protocol.
NO_SUCH_QUEUE = "The specified queue does not exist."
NO_SUCH_QUEUE_XML = "The specified queue does not exist for this wsdl version."


class Query:
    """The protocol; it has no state."""

    def read(self, target: Target, request: HttpRequest, endpoint: str) -> dict[str, Any]:
        """The parameters in the form; raises `AwsError`."""
        service, operation = target.service, target.operation
        tree = tree_of(form_fields(request))
        if service == "sqs":
            _add_queue_url(tree, operation, request, endpoint)
        read = form_reader_of(service, operation)
        return checked(service, operation, lambda: read(tree), _invalid)

    def write(self, target: Target, request: HttpRequest, reply: dict[str, Any], request_id: str) -> HttpReply:
        """A reply as XML, or as JSON where the caller accepts only that."""
        service, operation = target.service, target.operation
        if query_json.is_asked_for(request):
            return query_json.reply(service, operation, reply, request_id)
        result = ""
        if model.output_shapes(service)[operation] is not None:
            inner = xml.result_of(service, operation, reply)
            result = f"<{operation}Result>{inner}</{operation}Result>" if inner else f"<{operation}Result/>"
        return _document(
            200,
            f'<{operation}Response xmlns="{_namespace(service)}">{result}'
            f"<ResponseMetadata>{xml.element('RequestId', request_id)}</ResponseMetadata></{operation}Response>",
            request_id,
        )

    def refuse(self, service: str | None, request: HttpRequest, error: AwsError, request_id: str) -> HttpReply:
        """An error as XML, under the code that the query protocol has for it."""
        code = query_code(service, error)
        message = NO_SUCH_QUEUE_XML if error.message == NO_SUCH_QUEUE else error.message
        if query_json.is_asked_for(request):
            return query_json.refusal(error, code, message, request_id)
        namespace = f' xmlns="{_namespace(service)}"' if service is not None else ""
        detail = "<Detail/>" if service == "sqs" else ""
        return _document(
            error.status,
            f"<ErrorResponse{namespace}><Error>{xml.element('Type', error.fault)}{xml.element('Code', code)}"
            f"{xml.element('Message', message)}{detail}</Error>{xml.element('RequestId', request_id)}</ErrorResponse>",
            request_id,
        )


def form_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of the query string and of the body where that is a form; raises `AwsError`."""
    fields = fields_of(request.query) if request.query else []
    if request.body and request.content_type in ("", FORM):
        fields += fields_of(request.body)
    return fields


def query_code(service: str | None, error: AwsError) -> str:
    """The code of an error in the query protocol."""
    if error.query_code is not None:
        return error.query_code
    if error.code == "UnknownOperationException":
        return "InvalidAction"
    if service is not None:
        shape = model.error_shapes(service).get(error.code)
        if shape is not None:
            return str(shape.metadata.get("error", {}).get("code", error.code))
    return error.code


def _add_queue_url(tree: Node, operation: str, request: HttpRequest, endpoint: str) -> None:
    """A queue's own URL takes the place of the parameter QueueUrl, and answers only actions on a queue."""
    shape = model.input_shapes("sqs")[operation]
    segments = request.segments
    if len(segments) < 2:
        return
    if shape is None or not {"QueueUrl", "QueueName"} & shape.members.keys() or operation == "CreateQueue":
        raise AwsError("InvalidAction", f"The action {operation} is not valid for this endpoint.")
    if "QueueUrl" in shape.members and "QueueUrl" not in tree:
        node = tree["QueueUrl"] = Node()
        # The last two tell: before them there may be `/queue/REGION`, as other emulators write it.
        node.value = f"{endpoint}/{segments[-2]}/{segments[-1]}"


def _invalid(service: str, misfit: Misfit) -> AwsError:
    kind = complaints.TYPES[misfit.shape.type_name]
    value = str(misfit.value)[:200]
    reason = misfit.reason or f"It can not be converted to {kind}"
    return AwsError(
        "InvalidParameterValue", f"Value {value} for parameter {misfit.where} is invalid. Reason: {reason}."
    )


def _namespace(service: str | None) -> str:
    return NAMESPACES.get(service or "") or (model.metadata(service, "xmlNamespace") if service else "")


def _document(status: int, body: str, request_id: str) -> HttpReply:
    headers = [(b"content-type", b"text/xml"), (b"x-amzn-requestid", request_id.encode())]
    return HttpReply(status, f'<?xml version="1.0"?>{body}'.encode("utf-8", "replace"), headers)
