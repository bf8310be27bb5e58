"""For tests of your own jobs: the embedded AWS in memory, with a clock that the test moves. See docs/testing.md.

    pytest_plugins = ["queues.testing"]  # in conftest.py

    async def test_a_mail_goes_out_after_a_quarter_of_an_hour(jobyard):
        job = await jobyard.queue.enqueue("hello", {"name": "Ada"}, delay=900)
        assert await jobyard.drain() == []
        await jobyard.advance(minutes=15)
        (ran,) = await jobyard.drain()
        assert ran.result == "Hello, Ada!"

The only part of `queues` that needs pytest, and that knows the embedded AWS; nothing else imports it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from queues.testing.calling import run_job
from queues.testing.clock import VirtualClock
from queues.testing.context import FakeContext
from queues.testing.errors import NeverEnds, TimeStandsStill
from queues.testing.fixtures import (
    aws,
    blocking_jobyard,
    jobyard,
    jobyard_catalog,
    jobyard_processes,
    jobyard_settings,
)

if TYPE_CHECKING:
    from queues.testing.blocking import BlockingYard
    from queues.testing.cloud import VirtualAws
    from queues.testing.drain import Ran
    from queues.testing.yard import Yard, open_yard

__all__ = [
    "BlockingYard",
    "FakeContext",
    "NeverEnds",
    "Ran",
    "TimeStandsStill",
    "VirtualAws",
    "VirtualClock",
    "Yard",
    "aws",
    "blocking_jobyard",
    "jobyard",
    "jobyard_catalog",
    "jobyard_processes",
    "jobyard_settings",
    "open_yard",
    "run_job",
]

#: What brings the embedded AWS along, and the module of each: imported when it is asked for.
_LAZY = {
    "BlockingYard": "queues.testing.blocking",
    "Ran": "queues.testing.drain",
    "VirtualAws": "queues.testing.cloud",
    "Yard": "queues.testing.yard",
    "open_yard": "queues.testing.yard",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'queues.testing' has no attribute {name!r}")
