"""The same house in two places: on the embedded AWS, and on MiniStack through aiobotocore.

A file that asks for `on_moto_too` runs on moto as well. One does: a server takes long to start, and what more of the
features would show there are moto's own gaps, such as conditions that two writes at once both pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.session import get_session

from tests.emulators.place import Place, emulator
from tests.emulators.process import Deployment, deployed

PLACES = [
    pytest.param("embedded"),
    pytest.param("ministack", marks=pytest.mark.emulator),
]
#: For a file's `pytestmark`.
on_moto_too = pytest.mark.parametrize(
    "place", [*PLACES, pytest.param("moto", marks=pytest.mark.emulator)], indirect=True, scope="session"
)


@pytest.fixture(scope="session", params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running Jobyard."""
    home = tmp_path_factory.mktemp(request.param)
    if request.param == "embedded":
        yield from _running(home, None)
    else:
        with emulator(request.param, tmp_path_factory.mktemp("emulator")) as endpoint:
            yield from _running(home, endpoint)


def _running(home: Path, endpoint: str | None) -> Iterator[Place]:
    there = Place(home, endpoint)
    try:
        there.start()
        yield there
        assert there.stop() == 0, there.log.read_text()[-2000:]
    finally:
        there.receiver.close()
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


@pytest.fixture
async def deployment(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployment]:
    """A deployment of the test's own on the place's AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    async with deployed(place) as made:
        yield made
