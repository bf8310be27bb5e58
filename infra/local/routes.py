"""Which operation of which service a request means, and in which protocol it speaks.

A request says so in one of four places: the header X-Amz-Target (JSON), the path of Smithy RPC v2 (CBOR), the form
field Action (query), or method and path (REST). Where that leaves several services, the signature's credential scope
tells, which names one; an unsigned request goes to the first that fits.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from infra.local import model
from infra.local.errors import AwsError
from infra.local.protocols import AWS_JSON, CBOR, QUERY, REST_JSON
from infra.local.protocols.aws_json import CONTENT_TYPES, parse
from infra.local.protocols.query import FORM, form_fields
from infra.local.protocols.rest_routes import find_route
from infra.local.protocols.strangers import NOTHING, STRANGER
from infra.local.protocols.target import Refuser, Target
from infra.local.wire import HttpRequest

#: `KEY/20261122/eu-west-1/sqs/aws4_request`, in the Authorization header or in a presigned URL.
CREDENTIAL = re.compile(
    rb"Credential=[^/,\s&]*(?:/|%2F)\d{8}(?:/|%2F)([a-z0-9-]{1,64})(?:/|%2F)([a-z0-9-]{1,64})(?:/|%2F)"
)

#: The path of Smithy RPC v2.
SMITHY_PATH = re.compile(rb"/service/([A-Za-z0-9_.]+)/operation/([A-Za-z0-9_]+)")

#: `AmazonSQS.SendMessage`
JSON_TARGET = re.compile(rb"([A-Za-z0-9_.]+)\.([A-Za-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class CredentialScope:
    """What a signature says that it is good for."""

    region: str
    #: The service's signing name: `monitoring` for CloudWatch.
    service: str


class NoRoute(Exception):
    """A request that means none of our operations, and how to say so."""

    def __init__(self, protocol: Refuser, service: str | None, error: AwsError):
        super().__init__(error.message)
        self.protocol = protocol
        self.service = service
        self.error = error


def scope_of(request: HttpRequest) -> CredentialScope | None:
    """The credential scope in the header or the query string; None for an unsigned request."""
    authorization = request.headers.get(b"authorization")
    if authorization is not None:
        found = _scope_in(authorization)
        if found is not None:
            return found
    return _scope_in(request.query) if b"Credential" in request.query else None


def _scope_in(text: bytes) -> CredentialScope | None:
    match = CREDENTIAL.search(text)
    return None if match is None else _scope(match[1], match[2])


@lru_cache(maxsize=256)
def _scope(region: bytes, service: bytes) -> CredentialScope:
    return CredentialScope(region.decode(), service.decode())


class Router:
    """Finds the target of a request among the services that the engine has, given by their botocore names."""

    def __init__(self, services: Sequence[str]):
        self._services = tuple(services)
        #: X-Amz-Target -> what it means; only what the models know, so it cannot grow for ever.
        self._targets: dict[bytes, Target] = {}

    def find(self, request: HttpRequest, scope: CredentialScope | None) -> Target:
        """The target; raises `NoRoute`."""
        target = request.headers.get(b"x-amz-target")
        if target is not None:
            return self._targets.get(target) or self._by_target(target, scope)
        if b"smithy-protocol" in request.headers or request.path.startswith(b"/service/"):
            return self._by_smithy_path(request, scope)
        found = self._by_action(request, scope) or self._by_path(request, scope)
        if found is None:
            raise nothing_asked(request)
        return found

    def _by_target(self, target: bytes, scope: CredentialScope | None) -> Target:
        match = JSON_TARGET.fullmatch(target)
        prefix, operation = (match[1].decode(), match[2].decode()) if match else ("", "")
        for service in self._services:
            if prefix and model.metadata(service, "targetPrefix") == prefix:
                if operation in model.input_shapes(service):
                    found = self._targets[target] = Target(service, operation, AWS_JSON)
                    return found
                # To an operation that no service has, AWS answers the bare name of the error.
                raise NoRoute(AWS_JSON, service, AwsError("UnknownOperationException", ""))
        self._refuse_foreign(AWS_JSON, scope)
        message = f"The embedded AWS has no service {prefix!r}; it has {self._ours()}." if prefix else ""
        raise NoRoute(AWS_JSON, None, AwsError("UnknownOperationException", message))

    def _by_smithy_path(self, request: HttpRequest, scope: CredentialScope | None) -> Target:
        match = SMITHY_PATH.fullmatch(request.path)
        if match is not None and request.headers.get(b"smithy-protocol") == b"rpc-v2-cbor":
            name, operation = match[1].decode(), match[2].decode()
            for service in self._services:
                # Before the name of the service there may stand its namespace.
                if model.metadata(service, "targetPrefix") == name.rpartition(".")[2] and _speaks_cbor(service):
                    if request.method != "POST" or operation not in model.input_shapes(service):
                        raise NoRoute(CBOR, service, AwsError("UnknownOperationException", "", status=404))
                    return Target(service, operation, CBOR)
        self._refuse_foreign(CBOR, scope)
        raise NoRoute(CBOR, None, AwsError("UnknownOperationException", "", status=404))

    def _by_action(self, request: HttpRequest, scope: CredentialScope | None) -> Target | None:
        if b"Action=" not in request.query and (
            b"Action=" not in request.body or request.content_type not in ("", FORM)
        ):
            return None
        try:
            fields = dict(form_fields(request))
        except AwsError as error:
            raise NoRoute(QUERY, None, error) from None
        action = fields.get("Action")
        if action is None:
            return None
        service = self._query_service(request, scope, fields)
        if action in model.input_shapes(service):
            return Target(service, action, QUERY)
        if service == "sqs":
            message = f"The action {action[:200]} is not valid for this endpoint."
        else:
            message = f"Could not find operation {action[:200]} for version {model.metadata(service, 'apiVersion')}"
        raise NoRoute(QUERY, service, AwsError("InvalidAction", message))

    def _query_service(self, request: HttpRequest, scope: CredentialScope | None, fields: dict[str, str]) -> str:
        candidates = [service for service in self._services if _speaks_query(service)]
        if scope is not None:
            self._refuse_foreign(STRANGER, scope)
            candidates = [service for service in candidates if model.signing_name(service) == scope.service]
        version = fields.get("Version")
        for service in candidates:
            if version == model.metadata(service, "apiVersion"):
                return service
        if _is_queue(request.segments) and "sqs" in candidates:
            return "sqs"
        if version is None:
            for service in candidates:
                if fields["Action"] in model.input_shapes(service):
                    return service
        if scope is not None and candidates:
            return candidates[0]
        if version is not None:
            message = f"The embedded AWS has no service of version {version[:20]!r}; it has {self._ours()}."
            raise NoRoute(QUERY, None, AwsError("NotImplemented", message, status=501))
        message = f"The action {fields['Action'][:200]} is not valid for this endpoint."
        raise NoRoute(QUERY, None, AwsError("InvalidAction", message))

    def _by_path(self, request: HttpRequest, scope: CredentialScope | None) -> Target | None:
        services = [service for service in self._services if model.metadata(service, "protocol") == "rest-json"]
        if scope is not None:
            self._refuse_foreign(STRANGER, scope)
            services = [service for service in services if model.signing_name(service) == scope.service]
        for service in services:
            try:
                found = find_route(service, request)
            except AwsError as error:
                raise NoRoute(REST_JSON, service, error) from None
            if found is not None:
                return Target(service, found[0], REST_JSON, found[1])
        if scope is not None and services:
            raise NoRoute(REST_JSON, services[0], AwsError("UnknownOperationException", "", status=404))
        return None

    def _refuse_foreign(self, protocol: Refuser, scope: CredentialScope | None) -> None:
        """Names the service that a request was signed for, where it is none of ours."""
        if scope is None or any(model.signing_name(service) == scope.service for service in self._services):
            return
        message = f"The embedded AWS has no service {scope.service!r}; it has {self._ours()}."
        named = scope.service if protocol is STRANGER else None
        raise NoRoute(protocol, named, AwsError("NotImplemented", message, status=501))

    def _ours(self) -> str:
        return ", ".join(self._services)


def _is_queue(segments: Sequence[str]) -> bool:
    """`/ACCOUNT/NAME`, or `/queue/REGION/ACCOUNT/NAME`."""
    return len(segments) == 2 or (len(segments) == 4 and segments[0] == "queue")


def nothing_asked(request: HttpRequest) -> NoRoute:
    """The answer to a request that names no operation: as DynamoDB's and SQS's endpoints give it."""
    if request.method != "POST" or (request.body and request.content_type not in CONTENT_TYPES):
        return NoRoute(NOTHING, None, AwsError("UnknownOperationException", "", status=404))
    try:
        parse(request.body)
    except AwsError:
        return NoRoute(AWS_JSON, None, AwsError("SerializationException", ""))
    return NoRoute(AWS_JSON, None, AwsError("UnknownOperationException", ""))


@cache
def _speaks_query(service: str) -> bool:
    """SQS's model no longer says that it does."""
    known = model.service_model(service).metadata
    return service == "sqs" or "query" in known.get("protocols", [known.get("protocol")])


@cache
def _speaks_cbor(service: str) -> bool:
    return "smithy-rpc-v2-cbor" in model.service_model(service).metadata.get("protocols", [])
