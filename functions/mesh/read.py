"""From bytes to one trimesh mesh with shared corners, or a sentence that says why not.

STL goes through our strict reader, OBJ and 3MF through trimesh. Whatever the reader, what comes out is checked here:
it has triangles, not absurdly many, and every coordinate is a number of sane size. Faces are kept as they are in the
file, degenerate and duplicate ones too: they are findings, not litter.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from functions.mesh.errors import NotAMesh
from functions.mesh.format import FileType, settle
from functions.mesh.stl import check_count, read_stl
from functions.mesh.threemf import check_archive
from functions.mesh.units import THREEMF_UNITS, Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from trimesh import Trimesh

#: Most triangles that are read: about 2 GB of memory while they are measured.
MAX_TRIANGLES = 2_000_000

#: Largest coordinate, in the file's unit: a thousand kilometres in millimetres. Beyond it squares lose all meaning.
MAX_COORDINATE = 1e9


@dataclass(frozen=True, slots=True)
class Loaded:
    """A mesh in `units`, and the format that it came in."""

    mesh: Trimesh
    format: Literal["stl-binary", "stl-ascii", "obj", "3mf"]
    units: Unit


def read_mesh(data: bytes, wanted: FileType | None, units: Unit | None, max_triangles: int = MAX_TRIANGLES) -> Loaded:
    """Read `data` as `wanted` (None: find out). Raises NotAMesh."""
    kind = settle(data, wanted)
    if kind == "stl":
        corners, binary = read_stl(data, max_triangles)
        mesh = _mesh(corners.reshape(-1, 3), None, max_triangles)
        return Loaded(mesh, "stl-binary" if binary else "stl-ascii", units or Unit.MILLIMETRE)
    if kind == "obj":
        vertices, faces, _ = _by_trimesh(data, "obj", max_triangles)
        return Loaded(_mesh(vertices, faces, max_triangles), "obj", units or Unit.MILLIMETRE)
    check_archive(data)
    vertices, faces, declared = _by_trimesh(data, "3mf", max_triangles)
    own = THREEMF_UNITS.get(declared, Unit.MILLIMETRE)
    target = units or own
    if target is not own:
        vertices = vertices * (own.millimetres / target.millimetres)
    return Loaded(_mesh(vertices, faces, max_triangles), "3mf", target)


def _mesh(vertices: NDArray[np.float64], faces: NDArray[Any] | None, max_triangles: int) -> Trimesh:
    """A mesh whose equal corners are one vertex; `faces` None means that each three vertices are a face."""
    import numpy as np
    import trimesh

    count = len(vertices) // 3 if faces is None else len(faces)
    if count == 0:
        raise NotAMesh("the mesh has no triangles")
    check_count(count, max_triangles)
    if not np.isfinite(vertices).all():
        raise NotAMesh("the mesh has coordinates that are not numbers (NaN or infinite): export it again")
    if np.abs(vertices).max() > MAX_COORDINATE:
        raise NotAMesh(f"the mesh has coordinates beyond {MAX_COORDINATE:g}: check the unit that it was exported in")
    if faces is None:
        faces = np.arange(len(vertices)).reshape(-1, 3)
    elif faces.min() < 0 or faces.max() >= len(vertices):
        raise NotAMesh("the mesh has faces that name corners which it does not have")
    mesh = trimesh.Trimesh(vertices=vertices, faces=faces, process=False)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    return mesh


def _by_trimesh(
    data: bytes, kind: Literal["obj", "3mf"], max_triangles: int
) -> tuple[NDArray[np.float64], NDArray[Any], str]:
    """Vertices, faces and the declared unit. A reader of untrusted bytes may fail in any way: all are NotAMesh."""
    import numpy as np
    import trimesh

    stream = io.BytesIO(data)
    try:
        if kind == "obj":
            scene = trimesh.load_scene(stream, file_type=kind, process=False, skip_materials=True)
        else:
            scene = trimesh.load_scene(stream, file_type=kind, process=False)
        # A scene may place one part many times: counted before the copies are made.
        parts = [scene.geometry[scene.graph[node][1]] for node in scene.graph.nodes_geometry]
        count = sum(len(part.faces) for part in parts if isinstance(part, trimesh.Trimesh))
        declared = str(scene.metadata.get("units", ""))
        mesh = scene.to_mesh() if 0 < count <= max_triangles else None
    except MemoryError:
        raise
    except Exception as error:
        raise NotAMesh(
            f"the file cannot be read as {kind.upper()}: it is damaged, or something else ({type(error).__name__})"
        ) from None
    if mesh is None:
        check_count(count, max_triangles)
        raise NotAMesh(f"the file has no triangles: it is an empty {kind.upper()} model, or none at all")
    return np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces), declared
