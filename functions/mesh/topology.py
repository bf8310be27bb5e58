"""How the triangles hang together: edges that nobody or too many share, faces that collapse or repeat.

Every edge of a solid's surface is shared by exactly two faces, which run along it in opposite directions. All checks
follow from counting, edge by edge, how many faces use it and which way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.mesh.report import Finding

if TYPE_CHECKING:
    from trimesh import Trimesh

#: A face is degenerate when its height is under this share of its longest edge: float32's precision, with room.
FLATNESS = 1e-6


@dataclass(frozen=True, slots=True)
class Topology:
    """Counts over the whole mesh. Edges are counted without the faces that collapse to a line or a point."""

    open_edges: int
    non_manifold_edges: int
    misdirected_edges: int
    degenerate_faces: int
    duplicate_faces: int
    #: Faces with three different corners.
    whole_faces: int
    #: What the faces enclose, positive when their normals look out. It means something only if they enclose anything.
    signed_volume: float

    @property
    def watertight(self) -> bool:
        """Whether every edge is shared by exactly two faces."""
        return self.whole_faces > 0 and self.open_edges == 0 and self.non_manifold_edges == 0

    @property
    def encloses(self) -> bool:
        """Whether the surface has one inside, so that its volume means something."""
        return self.watertight and self.misdirected_edges == 0

    @property
    def inverted(self) -> bool:
        """Whether the whole surface is inside out."""
        return self.encloses and self.signed_volume < 0


def examine(mesh: Trimesh) -> Topology:
    """Count."""
    import numpy as np

    faces = np.asarray(mesh.faces, dtype=np.int64)
    corners = np.asarray(mesh.triangles)
    sides = corners[:, [1, 2, 0]] - corners
    longest = np.sqrt((sides**2).sum(axis=2)).max(axis=1)
    doubled_area = np.sqrt((np.cross(sides[:, 0], sides[:, 1]) ** 2).sum(axis=1))
    degenerate = doubled_area <= FLATNESS * longest**2

    # Faces that lost a corner in merging have no edges to speak of; slivers with three corners still connect.
    collapsed = (faces == faces[:, [1, 2, 0]]).any(axis=1)
    whole = faces[~collapsed]
    triples = np.sort(whole, axis=1)
    duplicates = len(triples) - len(np.unique(triples, axis=0))

    start, end = whole.ravel(), whole[:, [1, 2, 0]].ravel()
    key = np.minimum(start, end) * np.int64(len(mesh.vertices)) + np.maximum(start, end)
    _, edge, uses = np.unique(key, return_inverse=True, return_counts=True)
    balance = np.bincount(edge, weights=np.where(start < end, 1, -1))
    open_edges = int((uses == 1).sum())
    crowded = int((uses > 2).sum())
    misdirected = int(((uses == 2) & (balance != 0)).sum())
    # The tetrahedra from the part's middle to each face: from afar, their differences would drown in rounding.
    seen = corners - np.asarray(mesh.bounds).mean(axis=0)
    volume = float((seen[:, 0] * np.cross(seen[:, 1], seen[:, 2])).sum() / 6)
    return Topology(
        open_edges=open_edges,
        non_manifold_edges=crowded,
        misdirected_edges=misdirected,
        degenerate_faces=int(degenerate.sum()),
        duplicate_faces=duplicates,
        whole_faces=len(whole),
        signed_volume=volume,
    )


def topology_findings(topology: Topology) -> list[Finding]:
    """What the counts mean to a maker, the worst first."""
    found = []
    if count := topology.open_edges:
        message = f"{_of(count, 'edge')} belong to one face only: the surface has holes and no volume; close them"
        found.append(Finding(code="open-edges", severity="error", count=count, message=message))
    if count := topology.non_manifold_edges:
        message = f"{_of(count, 'edge')} are shared by more than two faces: separate or join the bodies there"
        found.append(Finding(code="non-manifold-edges", severity="error", count=count, message=message))
    if count := topology.misdirected_edges:
        message = f"the faces at {_of(count, 'edge')} disagree about which side is out: unify the normals"
        found.append(Finding(code="inconsistent-winding", severity="error", count=count, message=message))
    if topology.inverted:
        message = "the whole surface is inside out: flip the normals (it was measured as if they were)"
        found.append(Finding(code="inverted-normals", severity="warning", count=1, message=message))
    if count := topology.degenerate_faces:
        message = f"{_of(count, 'face')} have no area: remove them"
        found.append(Finding(code="degenerate-faces", severity="warning", count=count, message=message))
    if count := topology.duplicate_faces:
        message = f"{_of(count, 'face')} repeat another face: remove them"
        found.append(Finding(code="duplicate-faces", severity="warning", count=count, message=message))
    return found


def _of(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
