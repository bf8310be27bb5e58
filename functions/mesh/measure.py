"""A part's measures. Volume is given only where the surface really encloses one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from functions.mesh.report import BoundingBox, Geometry, Vector
from functions.mesh.topology import Topology

if TYPE_CHECKING:
    from trimesh import Trimesh


def measure(mesh: Trimesh, topology: Topology) -> Geometry:
    """The measures, in the mesh's own unit and its powers."""
    import numpy as np
    from trimesh import graph

    low, high = np.asarray(mesh.bounds)
    shells = graph.connected_components(
        edges=mesh.face_adjacency, nodes=np.arange(len(mesh.faces)), min_len=1, engine="scipy"
    )
    return Geometry(
        volume=abs(topology.signed_volume) if topology.encloses else None,
        surface_area=float(mesh.area),
        bounding_box=BoundingBox(min=_vector(low), max=_vector(high), size=_vector(high - low)),
        watertight=topology.watertight,
        bodies=len(shells),
        vertices=len(mesh.vertices),
    )


def _vector(values: object) -> Vector:
    """Three plain floats, with no negative zero."""
    return cast(Vector, tuple(float(value) + 0.0 for value in values))  # type: ignore[attr-defined]
