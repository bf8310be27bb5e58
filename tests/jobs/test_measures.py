"""Volume, area, bounds and shells against closed form, for each format and unit."""

import math

import numpy as np
import pytest
from shapes import TETRAHEDRON, Triangles, ascii_stl, binary, box, sphere, threemf_archive

from functions.mesh.measure import measure
from functions.mesh.read import read_mesh
from functions.mesh.report import Geometry
from functions.mesh.topology import examine
from functions.mesh.units import Unit, plain


def geometry(data: bytes, units: Unit | None = None) -> Geometry:
    mesh = read_mesh(data, None, units).mesh
    return measure(mesh, examine(mesh))


@pytest.mark.parametrize("write", [binary, ascii_stl])
def test_a_box(write: object) -> None:
    assert callable(write)
    found = geometry(write(box(2, 3, 4, at=(-1, 5, 0.5))))
    assert found.volume == pytest.approx(24)
    assert found.surface_area == pytest.approx(2 * (6 + 8 + 12))
    assert found.bounding_box.min == (-1, 5, 0.5)
    assert found.bounding_box.max == (1, 8, 4.5)
    assert found.bounding_box.size == (2, 3, 4)
    assert found.watertight
    assert (found.vertices, found.bodies) == (8, 1)


def test_a_sphere() -> None:
    found = geometry(binary(sphere(10)))
    assert found.volume == pytest.approx(4 / 3 * math.pi * 1000, rel=2e-3)
    assert found.volume is not None
    assert found.volume < 4 / 3 * math.pi * 1000  # its corners are on the sphere, so all else is inside
    assert found.surface_area == pytest.approx(400 * math.pi, rel=1e-3)


def test_a_box_far_from_the_origin_keeps_its_volume() -> None:
    found = geometry(binary(box(64, 64, 64, at=(65536, 65536, -65536))))
    assert found.volume == pytest.approx(64**3)


def test_an_open_box_has_area_and_bounds_but_no_volume() -> None:
    found = geometry(binary(box(2, 3, 4)[:-2]))
    assert found.volume is None
    assert not found.watertight
    assert found.surface_area == pytest.approx(52 - 6)


def test_a_box_inside_out_is_measured_as_if_it_were_not() -> None:
    assert geometry(binary(box(2, 3, 4)[:, ::-1])).volume == pytest.approx(24)


def test_a_cavity_is_taken_off() -> None:
    shell = np.concatenate([box(10, 10, 10), box(4, 4, 4, at=(3, 3, 3))[:, ::-1]])
    found = geometry(binary(shell))
    assert found.volume == pytest.approx(1000 - 64)
    assert found.bodies == 2


def test_many_solids_in_one_ascii_file_are_one_part() -> None:
    data = ascii_stl(box(1, 1, 1), "solid one") + ascii_stl(box(1, 1, 1, at=(5, 0, 0)), "endsolid two")
    found = geometry(data.replace(b"\n", b"\r\n").replace(b"facet", b"FACET"))
    assert found.volume == pytest.approx(2)
    assert found.bodies == 2


def test_ascii_longer_than_a_block_is_read_whole() -> None:
    triangles = sphere(10)
    assert len(ascii_stl(triangles)) > 2 * 1024 * 1024
    assert geometry(ascii_stl(triangles)).volume == pytest.approx(geometry(binary(triangles)).volume, rel=1e-6)


def test_a_binary_file_may_call_itself_solid() -> None:
    loaded = read_mesh(binary(box(1, 1, 1), b"solid like an ascii file"), None, None)
    assert loaded.format == "stl-binary"


def test_stl_units_are_a_label_and_change_no_number() -> None:
    loaded = read_mesh(binary(box(1, 1, 1)), None, Unit.INCH)
    assert loaded.units is Unit.INCH
    assert loaded.mesh.volume == pytest.approx(1)


def exported(triangles: Triangles, kind: str) -> bytes:
    import trimesh

    mesh = trimesh.Trimesh(triangles.reshape(-1, 3), np.arange(3 * len(triangles)).reshape(-1, 3))
    data = mesh.export(file_type=kind)
    assert isinstance(data, str | bytes)
    return data.encode() if isinstance(data, str) else data


def test_obj() -> None:
    data = exported(box(2, 3, 4), "obj")
    assert read_mesh(data, None, None).format == "obj"
    assert geometry(data).volume == pytest.approx(24)


def test_obj_with_four_cornered_faces() -> None:
    corners = "".join(f"v {i & 1} {i >> 1 & 1} {i >> 2 & 1}\n" for i in range(8))
    quads = "f 1 3 4 2\nf 1 2 6 5\nf 2 4 8 6\nf 4 3 7 8\nf 3 1 5 7\nf 5 6 8 7\n"
    found = geometry(f"mtllib paint.mtl\n{corners}usemtl red\n{quads}".encode())
    assert found.volume == pytest.approx(1)
    assert found.watertight


def test_3mf_is_in_its_own_unit_or_converted_to_the_one_asked_for() -> None:
    data = exported(box(1, 2, 3), "3mf")
    assert read_mesh(data, None, None).units is Unit.MILLIMETRE
    assert geometry(data).volume == pytest.approx(6)
    converted = read_mesh(data, None, Unit.INCH)
    assert converted.units is Unit.INCH
    assert converted.mesh.volume == pytest.approx(6 / 25.4**3)


def test_3mf_in_inches(threemf: bytes) -> None:
    loaded = read_mesh(threemf, None, None)
    assert loaded.units is Unit.INCH
    assert loaded.mesh.volume == pytest.approx(1 / 6)
    assert geometry(threemf, Unit.MILLIMETRE).volume == pytest.approx(25.4**3 / 6)


def test_3mf_objects_are_placed_and_built_of_each_other() -> None:
    pair = (
        '<object id="2"><components><component objectid="1"/>'
        '<component objectid="1" transform="1 0 0 0 1 0 0 0 1 5 0 0"/></components></object></resources>'
    )
    item = '<item objectid="2"/><item objectid="1" transform="2 0 0 0 2 0 0 0 2 0 9 0"/>'
    model = TETRAHEDRON.replace("</resources>", pair).replace('<item objectid="1"/>', item)
    found = geometry(threemf_archive(model))
    assert found.volume == pytest.approx((1 + 1 + 8) / 6)
    assert found.bodies == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3.5, "3.5"), (8922.15, "8,922"), (0.00012345, "0.0001234"), (1e6, "1,000,000"), (100, "100")],
)
def test_measures_in_sentences_have_four_figures_and_no_exponent(value: float, text: str) -> None:
    assert plain(value) == text
