"""Each design-for-manufacture finding, on a shape that has exactly that fault."""

import math

import numpy as np
import pytest
from shapes import Triangles, binary, box

from functions.mesh.overhangs import find_overhangs
from functions.mesh.read import read_mesh
from functions.mesh.report import Finding
from functions.mesh.topology import Topology, examine, topology_findings
from functions.mesh.units import Unit
from functions.mesh.walls import find_thin_walls


def topology(triangles: Triangles) -> Topology:
    return examine(read_mesh(binary(triangles), "stl", None).mesh)


def codes(triangles: Triangles) -> dict[str, int]:
    return {finding.code: finding.count for finding in topology_findings(topology(triangles))}


def thin(triangles: Triangles, min_wall: float, samples: int = 500) -> list[Finding]:
    mesh = read_mesh(binary(triangles), "stl", None).mesh
    return find_thin_walls(mesh, min_wall, samples, examine(mesh).inverted, Unit.MILLIMETRE)


def overhangs(triangles: Triangles, angle: float = 45, direction: str = "+z") -> list[Finding]:
    mesh = read_mesh(binary(triangles), "stl", None).mesh
    return find_overhangs(mesh, angle, direction, examine(mesh).inverted, Unit.MILLIMETRE)  # type: ignore[arg-type]


def test_a_sound_box_has_no_finding() -> None:
    assert codes(box(10, 10, 10)) == {}


def test_a_box_without_its_top_has_four_open_edges() -> None:
    assert codes(box(10, 10, 10)[:-2]) == {"open-edges": 4}


def test_one_face_turned_disagrees_at_its_three_edges() -> None:
    triangles = box(10, 10, 10)
    triangles[0] = triangles[0, ::-1]
    assert codes(triangles) == {"inconsistent-winding": 3}
    assert not topology(triangles).encloses


def test_a_box_inside_out() -> None:
    assert codes(box(10, 10, 10)[:, ::-1]) == {"inverted-normals": 1}


def test_a_repeated_face() -> None:
    triangles = box(10, 10, 10)
    found = codes(np.concatenate([triangles, triangles[:1]]))
    assert found == {"duplicate-faces": 1, "non-manifold-edges": 3}


def test_two_boxes_that_touch_along_an_edge() -> None:
    assert codes(np.concatenate([box(1, 1, 1), box(1, 1, 1, at=(1, 1, 0))])) == {"non-manifold-edges": 1}


def test_faces_that_are_a_point_or_a_line_are_degenerate_and_open_nothing() -> None:
    corner, other = [0.0, 0.0, 0.0], [10.0, 0.0, 0.0]
    extra = np.array([[corner, corner, corner], [corner, other, corner]])
    assert codes(np.concatenate([box(10, 10, 10), extra])) == {"degenerate-faces": 2}


def test_a_sliver_with_three_corners_on_a_line_is_degenerate_and_keeps_the_part_closed() -> None:
    # The top's diagonal is split on one side only; a face without area closes the gap, as exporters write it.
    triangles = box(10, 10, 10)
    a, b, c = triangles[-2]
    middle = (a + c) / 2
    split = np.array([[a, b, middle], [middle, b, c], [a, middle, c]])
    triangles = np.concatenate([triangles[:-2], split, triangles[-1:]])
    assert codes(triangles) == {"degenerate-faces": 1}
    assert topology(triangles).encloses


def test_a_thin_plate() -> None:
    (finding,) = thin(box(50, 50, 0.5), 1.0)
    assert finding.code == "thin-walls"
    assert finding.thinnest == pytest.approx(0.5, abs=1e-6)
    # Rays from the two large faces meet the other one; those from the narrow sides run 50 mm.
    large = 2 * 2500 / (2 * 2500 + 4 * 25)
    assert finding.count / 500 == pytest.approx(large, abs=0.03)
    assert finding.area == pytest.approx(5000, rel=0.03)
    assert "thinner than 1 mm" in finding.message


def test_a_wall_of_exactly_the_minimum_is_none() -> None:
    assert thin(box(50, 50, 1), 1.0) == []
    assert thin(box(50, 50, 1), 1.001) != []


def test_an_inside_out_plate_is_as_thin() -> None:
    (finding,) = thin(box(50, 50, 0.5)[:, ::-1], 1.0)
    assert finding.thinnest == pytest.approx(0.5, abs=1e-6)


def test_a_narrow_slot_between_two_boxes_is_no_wall() -> None:
    assert thin(np.concatenate([box(10, 10, 10), box(10, 10, 10, at=(10.2, 0, 0))]), 1.0) == []


def test_a_wedge_is_thin_at_its_sharp_edges_and_not_at_its_right_angle() -> None:
    right = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0]], dtype=float)
    low, high = right, right + np.array([0, 0, 30])
    sides = [
        triangle
        for i in range(3)
        for triangle in (
            [low[i], low[(i + 1) % 3], high[(i + 1) % 3]],
            [low[i], high[(i + 1) % 3], high[i]],
        )
    ]
    prism = np.array([low[::-1], high, *sides])
    (finding,) = thin(prism, 0.5, 4000)
    # At 45 degrees the wall is as thick as the way to the edge: strips of 0.5 mm on both faces of two 30 mm edges.
    assert finding.area == pytest.approx(4 * 0.5 * 30, rel=0.25)


def test_no_samples_is_no_check() -> None:
    assert thin(box(50, 50, 0.5), 1.0, samples=0) == []


def test_a_table_has_an_overhang_below_its_top() -> None:
    table = np.concatenate([box(4, 4, 10, at=(8, 8, 0)), box(20, 20, 2, at=(0, 0, 10.5))])
    (finding,) = overhangs(table)
    assert finding.code == "overhangs"
    assert finding.count == 2
    assert finding.area == pytest.approx(400)


def test_what_lies_on_the_plate_needs_no_support() -> None:
    assert overhangs(box(10, 10, 10)) == []


def test_the_build_direction_decides() -> None:
    ell = np.concatenate([box(10, 10, 2), box(2, 10, 10, at=(20, 0, 0))])
    assert overhangs(ell, direction="+x")[0].area == pytest.approx(100)
    assert overhangs(ell, direction="-x")[0].area == pytest.approx(20)


@pytest.mark.parametrize(("allowed", "found"), [(44, True), (45, False), (46, False)])
def test_an_overhang_of_exactly_the_allowed_angle_passes(allowed: float, found: bool) -> None:
    # A box standing on its edge: its lower sides lean out by 45 degrees.
    half = math.sqrt(0.5)
    turn = np.array([[half, 0, -half], [0, 1, 0], [half, 0, half]])
    assert bool(overhangs(box(10, 10, 10) @ turn.T, angle=allowed)) is found
