"""IO: spans by OTLP over HTTP, with OpenTelemetry's own exporter, which sends them in batches from a thread of its own.

A collector that is down, slow or wrong costs spans, and nothing else. A job never waits for it: an ended span is put
into a queue of 2,048 (`OTEL_BSP_MAX_QUEUE_SIZE`), and the oldest goes where there is no room. Who waits until all is
sent, at the end of a function's call or of the process, does so aside (aside.py) and for a few seconds: the SDK's own
flush and shutdown keep no limit, and may take half a minute if nobody answers. What the exporter says of its tries is
logged seldom (seldom.py).

What holds if the process dies: spans that have not been sent are lost. Nothing else depends on them.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from queues.errors import Misconfigured
from queues.observe.seldom import Seldom

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

#: Who speaks of each batch that cannot be sent, and of each span for which there is no room.
LOGGERS = ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.sdk._shared_internal")
_SELDOM = Seldom()


def open_provider() -> TracerProvider:
    """A provider of tracers whose spans are sent as OpenTelemetry's own variables say; `shutdown` is its maker's.

    Misconfigured if the packages for it are missing.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise Misconfigured(
            f"traces are on, but {error.name} is not installed: pip install 'jobyard[otel]', or set JOBYARD_OTEL=0"
        ) from None
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_SELDOM)
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come before this name.
    named = os.environ.get("OTEL_SERVICE_NAME") or "jobyard"
    provider = TracerProvider(resource=Resource.create({"service.name": named}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
