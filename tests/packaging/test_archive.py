"""The same files give the same bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.deploy.packaging.archive import write_archive
from infra.deploy.packaging.contents import File

NAMES = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3).map("/x".join)
FILES = st.dictionaries(NAMES, st.builds(File, st.binary(max_size=50), st.booleans()), max_size=8)


@given(FILES, st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_order_and_the_hour_do_not_show(tmp_path: Path, files: dict[str, File], random: object) -> None:
    shuffled = sorted(files, key=lambda _: random.random())  # type: ignore[attr-defined]
    write_archive(tmp_path / "one.zip", files)
    write_archive(tmp_path / "two.zip", {name: files[name] for name in shuffled})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == sorted(files)
        assert {name: archive.read(name) for name in files} == {name: file.content for name, file in files.items()}


def test_everybody_may_read_and_nobody_may_write(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", {"code.py": File(b""), "tool": File(b"", executable=True)})
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert modes == {"code.py": 0o100644, "tool": 0o100755}


def test_a_write_that_fails_leaves_the_old_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write_archive(path, {"x": File(b"old")})
    before = path.read_bytes()
    no_bytes: Any = [1]
    with pytest.raises(TypeError):
        write_archive(path, {"x": File(no_bytes)})
    assert path.read_bytes() == before
