"""What of a wheel and of our own packages goes into an artifact."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from infra.deploy.packaging.contents import SERVICES, File, merge, of_package, of_wheel
from queues.errors import Misconfigured


def a_wheel(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        for name in names:
            wheel.writestr(name, name)
    return path


def test_modules_data_and_what_names_the_package_go_in_and_the_rest_stays_out(tmp_path: Path) -> None:
    kept = (
        "pkg/__init__.py",
        "pkg/native.cpython-313-aarch64-linux-gnu.so",
        "pkg/data/table.json",
        "pkg/testing.py",
        "pkg.libs/libblas.so.3",
        "pkg-1.0.dist-info/METADATA",
        "pkg-1.0.dist-info/entry_points.txt",
        "pkg-1.0.dist-info/licenses/LICENSE",
    )
    left = (
        "pkg/tests/test_all.py",
        "pkg/inner/tests/data.bin",
        "pkg/native.pyx",
        "pkg/include/native.h",
        "pkg/__pycache__/native.cpython-311.pyc",
        "pkg-1.0.dist-info/RECORD",
        "pkg-1.0.data/scripts/pkg",
    )
    wheel = a_wheel(tmp_path / "pkg.whl", *kept, *left, "pkg-1.0.data/purelib/other.py")
    assert set(of_wheel(wheel, SERVICES)) == {*kept, "other.py"}


def test_botocore_describes_the_services_that_are_called(tmp_path: Path) -> None:
    wheel = a_wheel(
        tmp_path / "botocore.whl",
        "botocore/data/endpoints.json",
        "botocore/data/sqs/2012-11-05/service-2.json.gz",
        "botocore/data/ses/2010-12-01/service-2.json.gz",
    )
    assert set(of_wheel(wheel, {"sqs"})) == {
        "botocore/data/endpoints.json",
        "botocore/data/sqs/2012-11-05/service-2.json.gz",
    }
    assert "botocore/data/ses/2010-12-01/service-2.json.gz" in of_wheel(wheel, {"ses"})


def test_programs_stay_programs(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "tool.whl", "w") as wheel:
        entry = zipfile.ZipInfo("tool/bin/convert")
        entry.external_attr = 0o100755 << 16
        wheel.writestr(entry, b"\x7fELF")
        wheel.writestr(zipfile.ZipInfo("tool/__init__.py"), "")
    files = of_wheel(tmp_path / "tool.whl", ())
    assert files["tool/bin/convert"].executable
    assert not files["tool/__init__.py"].executable


def test_our_packages_go_in_without_what_only_tests_use() -> None:
    files = of_package("queues")
    assert {"queues/__init__.py", "queues/fetch/web.py", "queues/lambda_handler.py"} <= files.keys()
    assert not [name for name in files if name.startswith("queues/testing") or name.endswith(".pyc")]


def test_a_users_own_package_or_module_goes_in_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop_jobs" / "letters").mkdir(parents=True)
    for name in ("__init__.py", "invoice.py", "letters/reminder.txt", ".secrets"):
        (tmp_path / "shop_jobs" / name).write_text(name)
    (tmp_path / "single_module_job.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert set(of_package("shop_jobs")) == {
        "shop_jobs/__init__.py",
        "shop_jobs/invoice.py",
        "shop_jobs/letters/reminder.txt",
    }
    assert set(of_package("single_module_job")) == {"single_module_job.py"}
    assert "shop_jobs" not in sys.modules
    with pytest.raises(Misconfigured, match="'no_such_jobs' cannot be found"):
        of_package("no_such_jobs")


def test_two_that_differ_about_a_file_are_both_named() -> None:
    same = {"a": {"ns/__init__.py": File(b"")}, "b": {"ns/__init__.py": File(b""), "ns/b.py": File(b"1")}}
    assert set(merge(same)) == {"ns/__init__.py", "ns/b.py"}
    with pytest.raises(Misconfigured, match=r"a and b both hold x\.py, and differ"):
        merge({"a": {"x.py": File(b"1")}, "b": {"x.py": File(b"2")}})
