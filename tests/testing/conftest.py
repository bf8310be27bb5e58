"""The fixtures under test, as a user's conftest.py has them, on a catalog of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queues.catalog import Catalog, load
from queues.testing import Yard, aws, blocking_jobyard, jobyard, jobyard_processes, jobyard_settings
from tests.testing import jobs

__all__ = ["aws", "blocking_jobyard", "jobyard", "jobyard_processes", "jobyard_settings"]


@pytest.fixture
def jobyard_catalog() -> Catalog:
    return load(["tests.testing.jobs"])


@pytest.fixture
def known_yard(jobyard: Yard) -> Iterator[Yard]:
    """The Yard, known to the jobs that enqueue others."""
    jobs.yard.append(jobyard)
    yield jobyard
    jobs.yard.clear()
