"""Refusals for requests that are none of ours, in a form that the SDK of the service they were meant for can read."""

from infra.local.errors import AwsError
from infra.local.protocols import xml
from infra.local.protocols.query import FORM, Query
from infra.local.protocols.rest_json import RestJson
from infra.local.wire import HttpReply, HttpRequest

#: Signing names of services of the REST XML protocol; S3's errors have one element less around them.
S3 = {"s3", "s3express", "s3-object-lambda", "s3-outposts"}
REST_XML = {"cloudfront", "route53"}


class Stranger:
    """Says no in the protocol of a service that the engine does not have; `service` is its signing name."""

    def refuse(self, service: str | None, request: HttpRequest, error: AwsError, request_id: str) -> HttpReply:
        """The error as JSON, or as one of AWS's three shapes of XML."""
        code, message, identity = (
            xml.element(name, text)
            for name, text in (("Code", error.code), ("Message", error.message), ("RequestId", request_id))
        )
        if service in S3:
            return _xml(error.status, f"<Error>{code}{message}{identity}</Error>", request_id)
        if service == "ec2":
            text = f"<Response><Errors><Error>{code}{message}</Error></Errors>{identity}</Response>"
            return _xml(error.status, text, request_id)
        if service in REST_XML or request.content_type == FORM or b"Action=" in request.query:
            return Query().refuse(None, request, error, request_id)
        return RestJson().refuse(None, request, error, request_id)


class Nothing:
    """Says no to a request that names no operation, as AWS's framework does before it knows a protocol."""

    def refuse(self, service: str | None, request: HttpRequest, error: AwsError, request_id: str) -> HttpReply:
        """The error's name as an empty element, or with what there is to say inside."""
        code = error.query_code or error.code
        if not error.message:
            return _xml(error.status, f"<{code}/>\n", request_id)
        return _xml(error.status, f"<{code}>\n  {xml.element('Message', error.message)}\n</{code}>\n", request_id)


def _xml(status: int, text: str, request_id: str) -> HttpReply:
    headers = [(b"content-type", b"text/xml"), (b"x-amzn-requestid", request_id.encode())]
    return HttpReply(status, text.encode("utf-8", "replace"), headers)


STRANGER = Stranger()
NOTHING = Nothing()
