"""The HTTP door: from a request on the wire to a call of the engine, and back, in whichever protocol the caller speaks.

It knows nothing of sockets (`front.py` does) and nothing of services: which there are it learns from the engine,
what they take and answer from botocore's models. Every request gets an answer that its SDK can read: what is malformed,
foreign, unsigned or too large is refused in AWS's words, and a fault of our own is an error 500 with no traceback.
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from infra.local.compression import body_limit, inflated, too_large
from infra.local.engine import DEFAULT_REGION, SERVICES, Engine
from infra.local.errors import AwsError
from infra.local.origins import allow_reading, check_origin, preflight
from infra.local.protocols.strangers import NOTHING
from infra.local.protocols.target import Refuser, Target
from infra.local.routes import CredentialScope, NoRoute, Router, scope_of
from infra.local.signature import Verifier
from infra.local.sts.credentials import check_issuable
from infra.local.wire import HttpReply, HttpRequest

logger = logging.getLogger(__name__)

#: Takes the one reply that a request gets.
Respond = Callable[[HttpReply], None]

#: What may be called a host: names, addresses, IPv6 in brackets, a port.
HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,255}")
DEFAULT_HOST = b"127.0.0.1:4566"

#: What DynamoDB's endpoint answers to a GET of `/`, which load balancers and people use to see whether it is there.
HEALTHY = "healthy: dynamodb.{region}.amazonaws.com "

#: What it calls itself to those who ask for its health; other emulators have the same path.
SERVER = b"jobyard"

FAILED = "The embedded AWS failed on this call; its log says more."


class Door:
    """The door of one engine. With a `secret`, requests must be signed with it."""

    def __init__(self, engine: Engine, *, secret: str | None = None):
        self._engine = engine
        self._router = Router(tuple(SERVICES))
        self._verifier = None if secret is None else Verifier(secret, engine.now)

    def answer(self, request: HttpRequest, respond: Respond) -> asyncio.Future[dict[str, Any]] | None:
        """Answer a request: `respond` is called once, now or later.

        Where it is later, the call that it waits for is returned. Cancelled, as when its caller has gone away, it takes
        no message out of a queue, and nobody is answered.
        """
        request_id = self._engine.new_id()
        protocol: Refuser = NOTHING
        service: str | None = None
        try:
            if b"origin" in request.headers or b"sec-fetch-site" in request.headers:
                respond = self._for_pages(request, respond)
            answer = self._plain_answer(request, request_id)
            if answer is not None:
                respond(answer)
                return None
            scope = scope_of(request)
            target = self._router.find(request, scope)
            protocol, service = target.protocol, target.service
            if target.service == "dynamodb":
                request_id = long_id(request_id, self._engine.new_id())
            call = self._call(request, target, scope)
        except NoRoute as nowhere:
            respond(nowhere.protocol.refuse(nowhere.service, request, nowhere.error, request_id))
            return None
        except AwsError as error:
            if service is None:
                respond(self.refuse(request, error))
            else:
                respond(protocol.refuse(service, request, error, request_id))
            return None
        except Exception:
            respond(self._failed(protocol, service, request, request_id))
            return None
        call.add_done_callback(partial(self._done, request, target, respond, request_id))
        return call

    def refuse(self, request: HttpRequest, error: AwsError) -> HttpReply:
        """The answer to a request that the server does not let in, as its caller can read it."""
        protocol: Refuser = NOTHING
        service: str | None = None
        try:
            target = self._router.find(request, scope_of(request))
            protocol, service = target.protocol, target.service
        except NoRoute as nowhere:
            protocol = nowhere.protocol
        return protocol.refuse(service, request, error, self._engine.new_id())

    def _call(
        self, request: HttpRequest, target: Target, scope: CredentialScope | None
    ) -> asyncio.Future[dict[str, Any]]:
        limit = body_limit(target.service)
        if len(request.body) > limit:
            raise too_large(limit)
        if self._verifier is not None:
            self._verifier.verify(request, target.service)
            if target.service == "sts":
                check_issuable(target.operation)
        # Before its parameters are read, and perhaps found wanting: no other ones would do.
        self._engine.check_supported(target.service, target.operation)
        encoding = request.headers.get(b"content-encoding")
        if encoding is not None:
            # The signature covers the bytes on the wire: they are inflated only now.
            request.body = inflated(request.body, encoding.decode("latin-1"), limit)
        endpoint = endpoint_of(request)
        params = target.protocol.read(target, request, endpoint)
        region = DEFAULT_REGION if scope is None else scope.region
        return self._engine.run(target.service, target.operation, params, region, endpoint)

    def _done(
        self,
        request: HttpRequest,
        target: Target,
        respond: Respond,
        request_id: str,
        call: asyncio.Future[dict[str, Any]],
    ) -> None:
        if call.cancelled():
            return
        try:
            reply = target.protocol.write(target, request, call.result(), request_id)
        except AwsError as error:
            reply = target.protocol.refuse(target.service, request, error, request_id)
        except Exception:
            reply = self._failed(target.protocol, target.service, request, request_id)
        respond(reply)

    def _failed(self, protocol: Refuser, service: str | None, request: HttpRequest, request_id: str) -> HttpReply:
        logger.exception("the HTTP door failed on a request")
        return protocol.refuse(service, request, AwsError("InternalFailure", FAILED, status=500), request_id)

    def _for_pages(self, request: HttpRequest, respond: Respond) -> Respond:
        check_origin(request)

        def respond_readably(reply: HttpReply) -> None:
            allow_reading(request, reply)
            respond(reply)

        return respond_readably

    def _plain_answer(self, request: HttpRequest, request_id: str) -> HttpReply | None:
        """The answer to what is no call of an operation: a health check, a browser's preflight."""
        if request.method == "POST":
            return None
        identity = (b"x-amzn-requestid", request_id.encode())
        if request.method in ("GET", "HEAD") and not request.query:
            if request.path == b"/health":
                body = json.dumps({"status": "ok"}).encode()
                return HttpReply(200, body, [(b"content-type", b"application/json"), (b"server", SERVER), identity])
            if request.path == b"/":
                scope = scope_of(request)
                if scope is None or scope.service == "dynamodb":
                    text = HEALTHY.format(region=DEFAULT_REGION if scope is None else scope.region)
                    return HttpReply(200, text.encode(), [(b"content-type", b"text/plain"), identity])
        reply = preflight(request)
        if reply is not None:
            reply.headers.append(identity)
        return reply


def endpoint_of(request: HttpRequest) -> str:
    """Scheme, host and port as the caller wrote them, for the queue URLs it is given."""
    host = request.headers.get(b"host", b"")
    if not HOST.fullmatch(host):
        host = DEFAULT_HOST
    return f"http://{host.decode()}"


def long_id(first: str, second: str) -> str:
    """A request id in DynamoDB's form: 52 digits and capitals."""
    return (first + second).replace("-", "").upper()[:52]
