"""A handler in a worker process belongs to the span of its attempt, which its parent has."""

from __future__ import annotations

import json

from queues.log_line import LogLine
from queues.processes import Call, ProcessPool
from tests.processes.conftest import run

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_the_context_arrives_and_is_gone_for_the_next(pool: ProcessPool) -> None:
    told: list[LogLine] = []
    call = Call("trace", json.dumps(None), "job-1", "acme", 1, 1, trace=f"{PARENT} vendor=1")
    await pool.run(call, timeout=30, on_progress=lambda *_: None, on_log=told.append)
    assert [line.message for line in told] == [json.dumps({"traceparent": PARENT, "tracestate": "vendor=1"})]
    assert (await run(pool, "trace")).messages == ["{}"]
