"""What a handler in a worker process logs is read back into records about its job, with all that belongs to it."""

from __future__ import annotations

import io
import json
import logging
from types import SimpleNamespace
from typing import Any

from api.views import moment
from queues.observe.json_logs import JsonFormatter, reading_back
from queues.processes import ProcessPool
from tests.processes.conftest import run


async def test_records_with_their_level_and_no_prints(pool: ProcessPool) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    on_output = reading_back(handler)
    job: Any = SimpleNamespace(id="job-1", type="talk", tenant="acme", attempt=2)
    lines = (await run(pool, "talk")).lines
    for line in lines:
        on_output(job, line)
    record, failed = map(json.loads, stream.getvalue().splitlines())
    (logged, _) = [line for line in lines if line.logger is not None]
    assert record.pop("time") == moment(logged.at)
    assert record == {
        "level": "INFO",
        "logger": "my.logger",
        "message": "logged 1",
        "order": 17,
        "jobId": "job-1",
        "type": "talk",
        "tenant": "acme",
        "attempt": 2,
    }
    assert (failed["level"], failed["message"]) == ("ERROR", "it failed: 100 %")
    assert failed["exception"].endswith("ValueError: invalid literal for int() with base 10: 'x'")
