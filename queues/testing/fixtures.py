"""The pytest fixtures. None of them is a coroutine, so any plugin for async tests will do, and so will none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from queues.catalog import Catalog, load
from queues.jobtype import JobType
from queues.settings import Settings, read_settings

if TYPE_CHECKING:
    from queues.testing.blocking import BlockingYard
    from queues.testing.cloud import VirtualAws
    from queues.testing.yard import Yard


@pytest.fixture
def jobyard_settings() -> Settings:
    """The settings of the environment. Override it to test with others."""
    return read_settings()


@pytest.fixture
def jobyard_catalog(jobyard_settings: Settings) -> Catalog | Iterable[JobType[Any, Any]]:
    """The job types of `JOBYARD_JOBS`. Override it to test with others; a list of them will do."""
    return load(jobyard_settings.jobs)


@pytest.fixture
def jobyard_processes() -> bool:
    """Whether plain `def` jobs run in real worker processes. Override it where a test needs them killed."""
    return False


@pytest.fixture
def aws(jobyard_settings: Settings) -> Iterator[VirtualAws]:
    """The embedded AWS in memory: `aws.sqs`, `aws.dynamodb`, `aws.scheduler`, `aws.cloudwatch`, `aws.advance(...)`."""
    from queues.testing.cloud import VirtualAws

    with VirtualAws(region=jobyard_settings.region, account=jobyard_settings.aws_account) as virtual:
        yield virtual


@pytest.fixture
def jobyard(
    aws: VirtualAws,
    jobyard_settings: Settings,
    jobyard_catalog: Catalog | Iterable[JobType[Any, Any]],
    jobyard_processes: bool,
) -> Yard:
    """A whole Jobyard, on the same `aws`: `jobyard.queue`, `drain()`, `advance(...)`, `assert_enqueued(...)`."""
    from queues.testing.yard import open_yard

    return open_yard(jobyard_catalog, settings=jobyard_settings, aws=aws, processes=jobyard_processes)


@pytest.fixture
def blocking_jobyard(jobyard: Yard) -> Iterator[BlockingYard]:
    """The same for a test that is no coroutine."""
    from queues.testing.blocking import BlockingYard

    with BlockingYard(jobyard) as blocking:
        yield blocking
