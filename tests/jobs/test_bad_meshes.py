"""What is no mesh: each kind is one clear sentence, says what is wrong, and never quotes the file."""

import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes import TETRAHEDRON, ascii_stl, binary, box, threemf_archive

from functions.mesh.errors import NotAMesh
from functions.mesh.format import FileType, named
from functions.mesh.read import read_mesh

CUBE = binary(box(1, 1, 1))
CUBE_ASCII = ascii_stl(box(1, 1, 1))


def refusal(data: bytes, wanted: FileType | None = None, max_triangles: int = 1000) -> str:
    with pytest.raises(NotAMesh) as caught:
        read_mesh(data, wanted, None, max_triangles)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "wanted", "says"),
    [
        (b"", None, "the file is empty"),
        (b"%PDF-1.7\nsecret", "stl", "a PDF document, not STL"),
        (b"\x89PNG\r\n", None, "a PNG picture, not an STL, OBJ or 3MF mesh"),
        (b"<!doctype html><p>secret", "obj", "an HTML page"),
        (b'{"secret": 1}', "stl", "a JSON document"),
        (b"PK\x03\x04 secret", "stl", "a zip archive or a 3MF model, not STL"),
        (b"ISO-10303-21;", "stl", "a STEP model"),
        (b"solid secret", "3mf", "not a 3MF model"),
        (b"secret\n" * 50, "stl", "text, but no STL"),
        (b"secret", "stl", "fewer than the 84"),
        (b"secret\n" * 50, "obj", "no triangles"),
        (b"v 0 0 0\nv 1 0 0\n", None, "no triangles"),
    ],
)
def test_wrong_file_types(data: bytes, wanted: FileType | None, says: str) -> None:
    message = refusal(data, wanted)
    assert says in message
    assert "secret" not in message


@pytest.mark.parametrize("cut", [1, 49, 50, 51, len(CUBE) - 85])
def test_a_truncated_binary_stl_names_both_counts(cut: int) -> None:
    message = refusal(CUBE[:-cut], "stl")
    assert "truncated binary STL" in message
    assert "announces 12 triangles (684 bytes)" in message


def test_a_binary_stl_with_bytes_after_its_triangles() -> None:
    assert "3 bytes follow" in refusal(CUBE + b"\0\0\0", "stl")


def test_a_binary_stl_of_no_triangles() -> None:
    assert refusal(binary(np.empty((0, 3, 3)))) == "the mesh has no triangles"


def test_an_ascii_stl_of_no_triangles() -> None:
    assert refusal(b"solid empty\nendsolid empty\n") == "the mesh has no triangles"


@pytest.mark.parametrize("cut", range(7, len(CUBE_ASCII) - 15, 37))
def test_an_ascii_stl_truncated_anywhere(cut: int) -> None:
    assert "ASCII STL" in refusal(CUBE_ASCII[:-cut], "stl")


def test_an_ascii_stl_that_lost_a_line_names_the_facet() -> None:
    lines = CUBE_ASCII.splitlines(keepends=True)
    del lines[1 + 7 * 4 + 2]  # the first vertex of the fifth facet
    assert "facet 5 lacks its word" in refusal(b"".join(lines), "stl")


def test_an_ascii_stl_that_lost_its_last_facets_end() -> None:
    lines = CUBE_ASCII.splitlines(keepends=True)
    del lines[-2]
    assert "facet 12 is not whole" in refusal(b"".join(lines), "stl")


def test_a_coordinate_that_is_no_number() -> None:
    message = refusal(CUBE_ASCII.replace(b"vertex 1 1 1", b"vertex 1 1 secret"), "stl")
    assert "no number" in message
    assert "secret" not in message


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_not_finite_in_ascii(value: str) -> None:
    assert "NaN or infinite" in refusal(CUBE_ASCII.replace(b"vertex 1 1 1", f"vertex 1 1 {value}".encode()))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_not_finite_in_binary(value: float) -> None:
    triangles = box(1, 1, 1)
    triangles[3, 1, 2] = value
    assert "NaN or infinite" in refusal(binary(triangles))


def test_coordinates_beyond_all_measure() -> None:
    assert "beyond 1e+09" in refusal(binary(box(1e10, 1, 1)))


@pytest.mark.parametrize("data", [CUBE, CUBE_ASCII, threemf_archive(TETRAHEDRON)])
def test_too_many_triangles(data: bytes) -> None:
    message = refusal(data, max_triangles=3)
    assert "the limit is 3 (set by JOBYARD_MESH_MAX_TRIANGLES)" in message


def test_a_header_that_announces_four_billion_triangles_costs_nothing() -> None:
    assert "4,294,967,295 triangles" in refusal(bytes(80) + struct.pack("<I", 2**32 - 1) + bytes(500), "stl")


@pytest.mark.parametrize("faces", ["f 1 2 9", "f 1 2 x"])
def test_an_obj_with_faces_that_make_no_sense(faces: str) -> None:
    assert refusal(f"v 0 0 0\nv 1 0 0\nv 0 1 0\n{faces}\n".encode(), "obj")


def test_a_zip_that_is_no_3mf() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("holiday.txt", "secret")
    assert "holds no 3D model" in refusal(stream.getvalue())


def test_a_truncated_3mf(threemf: bytes) -> None:
    assert "damaged, truncated or encrypted" in refusal(threemf[:-30])


def test_a_3mf_whose_xml_is_broken() -> None:
    assert "holds broken XML, at line 7" in refusal(threemf_archive(TETRAHEDRON[:-40]))


def test_a_3mf_whose_mesh_makes_no_sense() -> None:
    assert "cannot be read as 3MF" in refusal(threemf_archive(TETRAHEDRON.replace(' y="1"', "")))


def test_a_3mf_that_doubles_forty_times() -> None:
    doubled = "".join(
        f'<object id="{n}"><components><component objectid="{n - 1}"/><component objectid="{n - 1}"/>'
        "</components></object>"
        for n in range(2, 42)
    )
    model = TETRAHEDRON.replace("</resources>", f"{doubled}</resources>").replace(
        '<item objectid="1"/>', '<item objectid="41"/>'
    )
    assert "places 2,199,023,255,551 objects" in refusal(threemf_archive(model))


def test_a_3mf_built_of_itself() -> None:
    circle = '<object id="2"><components><component objectid="2"/></components></object></resources>'
    model = TETRAHEDRON.replace("</resources>", circle).replace('<item objectid="1"/>', '<item objectid="2"/>')
    assert "in a circle" in refusal(threemf_archive(model))


def test_a_3mf_that_places_nothing() -> None:
    assert refusal(threemf_archive(TETRAHEDRON.replace('<item objectid="1"/>', "")))


def test_a_3mf_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.mesh.threemf.MAX_UNPACKED", 10_000)
    assert "unpacks to" in refusal(threemf_archive(TETRAHEDRON + " " * 10_000))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_3mf_with_entities_is_not_parsed(encoding: str) -> None:
    model = TETRAHEDRON.replace(
        '<?xml version="1.0"?>', '<!DOCTYPE model [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    )
    assert "document type" in refusal(threemf_archive(model, encoding))


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300), wanted=st.sampled_from([None, "stl", "obj", "3mf"]))
def test_no_bytes_are_more_than_no_mesh(data: bytes, wanted: FileType | None) -> None:
    with pytest.raises(NotAMesh):
        read_mesh(data, wanted, None)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(CUBE_ASCII) - 1), byte=st.integers(0, 255))
def test_one_wrong_byte_is_a_mesh_or_none_and_nothing_else(at: int, byte: int) -> None:
    data = bytearray(CUBE_ASCII)
    data[at] = byte
    try:
        mesh = read_mesh(bytes(data), "stl", None).mesh
    except NotAMesh:
        return
    assert len(mesh.faces) == 12


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("stl", "stl"),
        (".STL", "stl"),
        ("model/stl", "stl"),
        ("Part 1.Obj", "obj"),
        ("/a/b.3mf", "3mf"),
        ("application/vnd.ms-package.3dmanufacturing-3dmodel+xml", "3mf"),
        ("part.step", None),
        ("application/pdf", None),
        ("", None),
    ],
)
def test_names_of_formats(text: str, kind: str | None) -> None:
    assert named(text) == kind
