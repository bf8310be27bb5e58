"""Small meshes with known measures, as arrays of triangles and as files."""

import io
import zipfile

import numpy as np
from numpy.typing import NDArray

Triangles = NDArray[np.float64]


def box(x: float, y: float, z: float, at: tuple[float, float, float] = (0, 0, 0)) -> Triangles:
    """Twelve triangles, normals out; the last two are its top."""
    corners = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)], dtype=float) * (x, y, z) + np.array(at)
    quads = [(0, 2, 3, 1), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6), (4, 5, 7, 6)]
    return np.array([corners[list(face)] for a, b, c, d in quads for face in ((a, b, c), (a, c, d))])


def sphere(radius: float) -> Triangles:
    """20,480 triangles with their corners on the sphere."""
    import trimesh

    return np.asarray(trimesh.creation.icosphere(subdivisions=5, radius=radius).triangles)


def binary(triangles: Triangles, header: bytes = b"made by a test") -> bytes:
    records = np.zeros(len(triangles), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
    records["corners"] = triangles
    return header.ljust(80, b" ") + len(triangles).to_bytes(4, "little") + records.tobytes()


def ascii_stl(triangles: Triangles, name: str = "part") -> bytes:
    facets = "".join(
        "  facet normal 0 0 0\n    outer loop\n"
        + "".join(f"      vertex {x:.9g} {y:.9g} {z:.9g}\n" for x, y, z in triangle)
        + "    endloop\n  endfacet\n"
        for triangle in triangles
    )
    return f"solid {name}\n{facets}endsolid {name}\n".encode()


def threemf_archive(model: str, encoding: str = "utf-8") -> bytes:
    """A 3MF archive around the text of its model."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", model.encode(encoding))
    return stream.getvalue()


#: A tetrahedron with three edges of one inch along the axes: a sixth of a cubic inch.
TETRAHEDRON = """<?xml version="1.0"?>
<model unit="inch" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>
<object id="1" type="model"><mesh><vertices>
<vertex x="0" y="0" z="0"/><vertex x="1" y="0" z="0"/><vertex x="0" y="1" z="0"/><vertex x="0" y="0" z="1"/>
</vertices><triangles><triangle v1="0" v2="2" v3="1"/><triangle v1="0" v2="1" v3="3"/>
<triangle v1="1" v2="2" v3="3"/><triangle v1="2" v2="0" v3="3"/></triangles></mesh></object>
</resources><build><item objectid="1"/></build></model>"""
