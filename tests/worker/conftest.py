"""The embedded AWS at its port and MiniStack, each without a worker of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.emulators.place import emulator
from tests.engine.served import served
from tests.worker.cloud import Cloud, cloud_at

_prefixes = (f"work-{number}" for number in count())


@pytest.fixture(
    scope="session", params=[pytest.param("embedded"), pytest.param("ministack", marks=pytest.mark.emulator)]
)
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "embedded":
        with served() as address:
            yield address
    else:
        with emulator(request.param, tmp_path_factory.mktemp("ministack")) as address:
            yield address


@pytest.fixture
async def cloud(request: pytest.FixtureRequest, endpoint: str, tmp_path: Path) -> AsyncIterator[Cloud]:
    """Queues and a table of the test's own."""
    embedded = request.node.callspec.params["endpoint"] == "embedded"
    async with cloud_at(endpoint, tmp_path, embedded=embedded, prefix=next(_prefixes)) as made:
        yield made


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Cloud]:
    """The embedded AWS alone."""
    with served() as address:
        async with cloud_at(address, tmp_path) as made:
            yield made
