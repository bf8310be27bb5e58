"""`jobyard webhooks` on a running `jobyard up` that delivers them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.cli.house import Running, up


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("hooks"), jobs="tests.cli.jobs_to_run,queues.webhooks.job") as started:
        yield started


def test_made_listed_rotated_and_deleted(jobyard: Command) -> None:
    assert jobyard("webhooks", "list").err == "no webhooks\n"
    told = jobyard("webhooks", "create", "https://example.com/hooks", "--event", "failed", "--type", "hello").out
    webhook_id = told.partition(":")[0]
    assert "secret whsec_" in told
    rows = jobyard("webhooks", "list").out.splitlines()
    assert rows[1].split()[:3] == [webhook_id, "failed", "hello"]
    rotated: Any = jobyard("webhooks", "rotate", webhook_id, "--json").json
    assert rotated["secret"] not in told
    assert jobyard("webhooks", "create", "--json").json["url"] is None
    assert jobyard("webhooks", "delete", webhook_id).out == f"{webhook_id}: deleted\n"
    gone = jobyard("webhooks", "delete", webhook_id)
    assert (gone.code, "no webhook" in gone.err) == (2, True)


def test_a_private_address_is_refused(jobyard: Command) -> None:
    done = jobyard("webhooks", "create", "http://169.254.169.254/latest")
    assert done.code == 2
    assert "private address" in done.err
