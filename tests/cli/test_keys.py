"""`jobyard keys`: what there is, and one more; never a key itself."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import Command


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JOBYARD_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_keys_are_made_listed_and_not_shown(data: Path, command: Command) -> None:
    assert "no job type is sensitive yet" in command("keys", "list").err
    first = command("keys", "rotate", "--json").json["key"]
    assert "keep a copy" in command("keys", "rotate").err
    shown = command("keys", "list", "--json")
    assert [key["current"] for key in shown.json["keys"]] == [False, True]
    assert shown.json["keys"][0]["id"] == first
    table = command("keys", "list").out
    assert first in table
    for row in orjson.loads((data / "keys.json").read_bytes())["keys"]:
        assert row["key"] not in table + shown.out


def test_kms_keeps_its_own(data: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_KMS_KEY_ID", "alias/jobs")
    done = command("keys", "rotate")
    assert (done.code, "AWS KMS keeps the keys" in done.err) == (1, True)
    assert not data.exists()
