"""The example part: the committed file is what its maker makes, and its numbers are those of the closed form."""

import json
import math
from pathlib import Path
from types import ModuleType

import pytest

from functions.file_analysis import FileToAnalyse, analyse
from functions.mesh.report import Analysis
from queues import Context


def analysed(path: Path, **options: object) -> Analysis:
    given = FileToAnalyse.model_validate({"fileUrl": path.as_uri(), "analysisOptions": options})
    return analyse(given, Context.for_test())


def test_the_committed_file_is_what_the_maker_makes(maker: ModuleType, bracket_file: Path) -> None:
    assert bracket_file.read_bytes() == maker.binary_stl(maker.bracket())


def test_the_numbers_are_those_of_the_closed_form(maker: ModuleType, bracket_file: Path) -> None:
    result = analysed(bracket_file)
    geometry = result.geometry
    assert geometry is not None
    assert result.triangles == 6032
    assert result.units == "mm"
    assert geometry.volume == pytest.approx(maker.volume(), rel=1e-7)
    assert geometry.surface_area == pytest.approx(maker.surface_area(), rel=1e-7)
    assert geometry.bounding_box.min == (0, 0, 0)
    assert geometry.bounding_box.max == geometry.bounding_box.size == (65, 40, 65)
    assert geometry.watertight
    assert geometry.bodies == 1
    # V - E + F = 2 - 2 holes, and a closed triangle mesh has E = 3 F / 2.
    assert geometry.vertices == 2 - 2 * 6 + result.triangles / 2


def test_the_mesh_is_near_the_ideal_part(maker: ModuleType) -> None:
    ideal = 25_000 - 5 * math.pi * (4 * 4**2 + 2 * 6.5**2)
    assert maker.volume(None) == pytest.approx(ideal)
    assert maker.volume() == pytest.approx(ideal, rel=1e-3)
    assert maker.surface_area() == pytest.approx(maker.surface_area(None), rel=1e-3)


def test_its_only_finding_is_the_ceiling_of_the_two_wall_holes(bracket_file: Path) -> None:
    findings = analysed(bracket_file).findings
    assert findings is not None
    (overhang,) = findings
    assert overhang.code == "overhangs"
    # Of 32 sides those that face down by more than 45 degrees: normals within 45 degrees of straight down.
    # The sides' middles stand at odd multiples of 5.625 degrees, so 8 of them, 2 layers, 2 triangles, 2 holes.
    assert overhang.count == 8 * 2 * 2 * 2
    side = 2 * 6.5 * math.sin(math.pi / 32)
    assert overhang.area == pytest.approx(2 * 8 * side * 5, rel=1e-6)


def test_walls_are_found_where_they_are(bracket_file: Path) -> None:
    findings = analysed(bracket_file, minWallMm=3.6, wallSamples=4000).findings
    assert findings is not None
    thin = next(finding for finding in findings if finding.code == "thin-walls")
    # The large holes leave 20 / 2 - 6.5 = 3.5 mm to the plate's edge, and nothing else is thinner than 5 mm.
    assert thin.thinnest == pytest.approx(3.5, abs=0.05)
    assert all(found.code != "thin-walls" for found in analysed(bracket_file, minWallMm=3.45).findings or [])


def test_the_same_file_always_gives_the_same_answer(bracket_file: Path) -> None:
    first, second = (analysed(bracket_file, minWallMm=6).model_dump_json() for _ in range(2))
    assert first == second
    assert json.loads(first)["geometry"]["surfaceArea"] > 0
