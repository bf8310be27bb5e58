"""The same house in two places: on the embedded AWS, and on MiniStack through aiobotocore."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiobotocore.session import get_session

from tests.emulators.place import Place, ministack


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MiniStack's endpoint."""
    with ministack(tmp_path_factory.mktemp("ministack")) as endpoint:
        yield endpoint


@pytest.fixture(
    scope="session", params=[pytest.param("embedded"), pytest.param("ministack", marks=pytest.mark.emulator)]
)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running Jobyard."""
    endpoint = request.getfixturevalue("emulator") if request.param == "ministack" else None
    there = Place(tmp_path_factory.mktemp("place"), endpoint)
    there.start()
    yield there
    assert there.stop() == 0, there.log.read_text()[-2000:]
    there.api.close()


@pytest.fixture
async def aws(place: Place) -> AsyncIterator[dict[str, Any]]:
    """aiobotocore's clients on the place's AWS, by service."""
    options = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                get_session().create_client(name, endpoint_url=place.endpoint, **options)
            )
            for name in ("sqs", "dynamodb")
        }
