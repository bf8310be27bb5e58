"""The job itself: what it takes, what it answers, and which fate each failure has."""

import json
import math
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from shapes import binary, box
from website import Site

from functions import file_analysis
from functions.file_analysis import FileToAnalyse, analyse
from queues import Context, Discard
from queues.errors import Misconfigured
from queues.fetch import FetchUnavailable


def run(url: str, context: Context | None = None, **data: Any) -> dict[str, Any]:
    given = FileToAnalyse.model_validate({"fileUrl": url, **data})
    result = analyse(given, context or Context.for_test())
    answer = json.loads(analyse.dump(result))
    assert isinstance(answer, dict)
    return answer


def discarded(url: str, **data: Any) -> str:
    with pytest.raises(Discard) as caught:
        run(url, **data)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JOBYARD_FILE_ROOTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def open_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("JOBYARD_FETCH_ALLOW", f"127.0.0.1:{site.port}")
    return site


# --- input ----------------------------------------------------------------------------------------------------


def test_the_published_example_is_valid() -> None:
    published = {
        "tenantId": "tenant-123",
        "fileId": "file-123",
        "fileUrl": "s3://bucket/file.stl",
        "fileName": "part.stl",
        "fileType": "stl",
        "analysisOptions": {"performDfm": True, "extractGeometry": True},
    }
    given = FileToAnalyse.model_validate(published)
    assert (given.file_id, given.file_type, given.analysis_options.perform_dfm) == ("file-123", "stl", True)


def test_only_the_url_is_required_and_snake_case_will_do() -> None:
    given = FileToAnalyse.model_validate({"file_url": "s3://b/k", "analysis_options": {"min_wall_mm": 2}})
    assert given.analysis_options.min_wall_mm == 2
    with pytest.raises(ValidationError, match="fileUrl"):
        FileToAnalyse.model_validate({"fileId": "file-123"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fileUrl", "ftp://host/part.stl"),
        ("fileUrl", ""),
        ("fileType", "pdf"),
        ("fileType", 7),
        ("analysisOptions", {"minWall": 1}),
        ("analysisOptions", {"minWallMm": 0}),
        ("analysisOptions", {"minWallMm": math.inf}),
        ("analysisOptions", {"wallSamples": 10**9}),
        ("analysisOptions", {"overhangAngleDeg": 90}),
        ("analysisOptions", {"units": "furlong"}),
        ("analysisOptions", {"buildDirection": "up"}),
    ],
)
def test_invalid_fields_are_named(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        FileToAnalyse.model_validate({"fileUrl": "s3://bucket/key", field: value})


def test_media_types_and_capitals_are_formats_too() -> None:
    assert FileToAnalyse.model_validate({"fileUrl": "s3://b/k", "fileType": "model/stl"}).file_type == "stl"
    assert FileToAnalyse.model_validate({"fileUrl": "s3://b/k", "fileType": ".STL"}).file_type == "stl"


# --- answers --------------------------------------------------------------------------------------------------


def test_the_whole_answer(folder: Path) -> None:
    (folder / "plate.stl").write_bytes(binary(box(50, 20, 0.5)))
    answer = run(f"file://{folder}/plate.stl", fileId="file-1", fileName="plate.stl")
    (thin,) = answer.pop("findings")
    assert answer == {
        "fileId": "file-1",
        "fileName": "plate.stl",
        "fileSize": 84 + 12 * 50,
        "format": "stl-binary",
        "units": "mm",
        "triangles": 12,
        "geometry": {
            "volume": 500.0,
            "surfaceArea": 2070.0,
            "boundingBox": {"min": [0, 0, 0], "max": [50, 20, 0.5], "size": [50, 20, 0.5]},
            "watertight": True,
            "bodies": 1,
            "vertices": 8,
        },
    }
    assert thin["code"] == "thin-walls"
    assert thin["severity"] == "warning"
    assert thin["thinnest"] == pytest.approx(0.5)


def test_thresholds_are_in_millimetres_whatever_the_unit(folder: Path) -> None:
    (folder / "plate.stl").write_bytes(binary(box(2, 1, 0.05)))  # 1.27 mm thick when these are inches
    url = f"file://{folder}/plate.stl"
    assert run(url, analysisOptions={"units": "in", "minWallMm": 1.2})["findings"] == []
    (thin,) = run(url, analysisOptions={"units": "in", "minWallMm": 1.3})["findings"]
    assert thin["thinnest"] == pytest.approx(0.05)
    assert "0.05118 in" in thin["message"]


def test_parts_of_the_analysis_can_be_left_out(folder: Path) -> None:
    (folder / "cube.stl").write_bytes(binary(box(1, 1, 1)))
    url = f"file://{folder}/cube.stl"
    assert run(url, analysisOptions={"performDfm": False})["findings"] is None
    assert run(url, analysisOptions={"extractGeometry": False})["geometry"] is None


def test_progress_goes_up_and_ends_at_100(folder: Path) -> None:
    (folder / "cube.stl").write_bytes(binary(box(1, 1, 1)))
    seen: list[float] = []
    lines: list[str] = []
    context = Context.for_test()
    context.on_progress = lambda percent, note: seen.append(percent)
    context.on_log = lambda message, _level, _fields: lines.append(message)
    run(f"file://{folder}/cube.stl", context)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 100)
    assert lines == ["12 triangles of stl-binary, in mm"]


def test_a_degenerate_mess_is_still_finite(folder: Path) -> None:
    point = bytes(84 - 4) + (2).to_bytes(4, "little") + bytes(100)
    (folder / "point.stl").write_bytes(point)
    answer = run(f"file://{folder}/point.stl")
    assert answer["geometry"]["surfaceArea"] == 0
    assert [finding["code"] for finding in answer["findings"]] == ["degenerate-faces"]


def test_over_http(open_site: Site) -> None:
    url = open_site.serve("/cube.stl", binary(box(2, 2, 2)))
    assert run(url)["geometry"]["volume"] == pytest.approx(8)


# --- fates ----------------------------------------------------------------------------------------------------


def test_permanent_failures_are_discarded_with_a_sentence(folder: Path, open_site: Site) -> None:
    (folder / "cut.stl").write_bytes(binary(box(1, 1, 1))[:-7])
    (folder / "page.stl").write_text("<html>not found</html>")
    assert "does not exist" in discarded(f"file://{folder}/absent.stl")
    assert "outside the folders" in discarded("file:///etc/hostname")
    assert "truncated binary STL" in discarded(f"file://{folder}/cut.stl")
    assert f"file://{folder}/page.stl: the file is an HTML page" in discarded(f"file://{folder}/page.stl")
    assert "was not found: it answered 404" in discarded(open_site.serve("/gone.stl", status=404))
    assert "private or reserved" in discarded("http://127.0.0.1/part.stl")


def test_secrets_in_the_url_reach_no_message(open_site: Site) -> None:
    url = open_site.serve("/part.stl", b"<html>")
    secret = f"{url.replace('http://', 'http://user:hunter2@')}?X-Amz-Signature=hunter2"
    assert "hunter2" not in discarded(secret)


def test_a_files_content_reaches_no_message_and_no_traceback(folder: Path) -> None:
    (folder / "notes.txt").write_text("v hunter2 hunter2 hunter2\nf hunter2 2 3\n")
    for file_type in ("stl", "obj", "3mf", None):
        with pytest.raises(Discard) as caught:
            run(f"file://{folder}/notes.txt", fileType=file_type)
        assert "hunter2" not in "".join(traceback.format_exception(caught.value)).replace(str(folder), "")


def test_too_large_is_discarded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cube.stl").write_bytes(binary(box(1, 1, 1)))
    monkeypatch.setenv("JOBYARD_FETCH_MAX_FILE", "100")
    assert "the limit is 100 bytes" in discarded(f"file://{folder}/cube.stl")
    monkeypatch.delenv("JOBYARD_FETCH_MAX_FILE")
    monkeypatch.setenv("JOBYARD_MESH_MAX_TRIANGLES", "11")
    assert "12 triangles, and the limit is 11" in discarded(f"file://{folder}/cube.stl")


def test_transient_failures_are_raised_and_so_retried(open_site: Site) -> None:
    with pytest.raises(FetchUnavailable, match="503"):
        run(open_site.serve("/part.stl", status=503))


def test_a_wrong_setting_is_no_fault_of_the_job(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cube.stl").write_bytes(binary(box(1, 1, 1)))
    monkeypatch.setenv("JOBYARD_MESH_MAX_TRIANGLES", "many")
    with pytest.raises(Misconfigured, match="JOBYARD_MESH_MAX_TRIANGLES"):
        run(f"file://{folder}/cube.stl")


def test_what_the_caller_says_decides_the_format_before_any_name(folder: Path) -> None:
    (folder / "cube.obj").write_bytes(binary(box(1, 1, 1)))
    url = f"file://{folder}/cube.obj"
    assert run(url, fileType="stl")["format"] == "stl-binary"
    assert run(url, fileName="cube.stl")["format"] == "stl-binary"
    assert "OBJ" in discarded(url)


def test_the_job_type_is_as_published() -> None:
    options = analyse.options
    assert options.priorities is not None
    standard = options.level_concurrency(options.priorities.of(50))
    assert (analyse.name, options.attempts, options.timeout, standard) == ("file-analysis", 3, 300, 5)
    assert options.batch_size == 1
    assert not analyse.is_async
    assert file_analysis.handler is analyse.lambda_handler


def test_importing_the_job_imports_no_heavy_library() -> None:
    heavy = "{'numpy', 'trimesh', 'scipy', 'lxml', 'httpx', 'httpcore', 'boto3'}"
    code = f"import sys, functions.file_analysis; print(sorted({heavy} & set(sys.modules)))"
    root = Path(file_analysis.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
