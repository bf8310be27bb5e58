"""A small collector of traces: OTLP over HTTP on the loopback, decoded with OpenTelemetry's own messages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

#: Seconds until spans must have come, on a busy machine.
PATIENCE = 60.0


@dataclass(frozen=True)
class Received:
    """A span, and who sent it."""

    span: Span
    resource: dict[str, Any]
    #: Name and version of the instrumentation.
    scope: tuple[str, str]

    @property
    def attributes(self) -> dict[str, Any]:
        return values(self.span.attributes)


@dataclass
class Collector:
    """What has come, in order."""

    address: str = ""
    spans: list[Received] = field(default_factory=list)
    #: Content types of the requests, and user agents.
    requests: set[tuple[str, str]] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self.changed:
            for group in request.resource_spans:
                resource = values(group.resource.attributes)
                for part in group.scope_spans:
                    scope = (part.scope.name, part.scope.version)
                    self.spans += [Received(span, resource, scope) for span in part.spans]
            self.changed.notify_all()

    def wait_for(self, count: int) -> dict[str, list[Received]]:
        """The spans by their names, in the order of their starts, once there are so many."""
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.spans) >= count, PATIENCE)
            assert came, f"only these have come: {[one.span.name for one in self.spans]}"
            found: dict[str, list[Received]] = {}
            for one in sorted(self.spans, key=lambda one: one.span.start_time_unix_nano):
                found.setdefault(one.span.name, []).append(one)
            return found


def values(attributes: Any) -> dict[str, Any]:
    """Attributes as Python has them."""

    def value(one: KeyValue) -> Any:
        return getattr(one.value, str(one.value.WhichOneof("value")))

    return {one.key: value(one) for one in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of its own; it is down after the block."""
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.add((self.headers["Content-Type"], self.headers["User-Agent"]))
            known = self.path == "/v1/traces"
            if known:
                found.take(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
