"""What a handler in a worker process logs is read back into records about its job."""

from __future__ import annotations

import io
import json
import logging
from types import SimpleNamespace
from typing import Any

from queues.observe.json_logs import JsonFormatter, reading_back
from queues.processes import ProcessPool
from tests.processes.conftest import run


async def test_records_with_their_level_and_no_prints(pool: ProcessPool) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    on_output = reading_back(handler)
    job: Any = SimpleNamespace(id="job-1", type="talk", tenant="acme", attempt=2)
    for line in (await run(pool, "talk")).logs:
        on_output(job, line)
    (record,) = map(json.loads, stream.getvalue().splitlines())
    del record["time"]
    assert record == {
        "level": "INFO",
        "logger": "my.logger",
        "message": "logged 1",
        "jobId": "job-1",
        "type": "talk",
        "tenant": "acme",
        "attempt": 2,
    }
