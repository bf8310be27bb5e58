"""Thin walls: rays from points spread over the surface straight into the part, to see how soon they come out.

The points are drawn evenly over the area with a fixed seed, so that the same file always gives the same answer. A ray
only has to look as far as the threshold, and that is why this does not use trimesh's ray tracer: it needs a spatial
index of the whole mesh and follows each ray to the end, while a short ray meets the boxes of only a few triangles,
found by comparing bounds in numpy. Cost: a few passes over the triangles' bounds for each ray, no index.

A wall is met where the ray leaves through a face that looks roughly along it (within 60 degrees). A steeper face is
the side of a corner; a sharper corner than that is as thin as a wall and counts as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.mesh.report import Finding
from functions.mesh.units import Unit, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from trimesh import Trimesh

#: The seed of the sample points.
SEED = 1

#: Least cosine between a ray and the normal of the face that it leaves by: 60 degrees.
OPPOSED = 0.5

#: Slack on the threshold, as a share of it: a wall of exactly the minimum is no finding.
SLACK = 1e-4

#: Slack on a triangle's edge, in barycentric shares, so that no ray slips out between two faces.
EDGE_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Surface:
    """The triangles as the rays see them: normals out, sorted by the lower end of their bounds along `axis`."""

    corners: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    axis: int
    #: Each face's place in this order.
    place: NDArray[np.int64]
    #: The largest extent of a triangle along `axis`.
    reach: float


def find_thin_walls(mesh: Trimesh, min_wall: float, samples: int, inverted: bool, units: Unit) -> list[Finding]:
    """One finding, or none. `min_wall` is in the mesh's unit."""
    import numpy as np
    from trimesh.sample import sample_surface

    if samples == 0 or not mesh.area > 0:
        return []
    points, faces = sample_surface(mesh, samples, seed=SEED)[:2]
    surface = _surface(mesh, inverted)
    limit = min_wall * (1 - SLACK)
    inward = -_normals(surface.corners[surface.place[faces]])
    found = [
        _thickness(surface, surface.place[face], point, direction, limit)
        for face, point, direction in zip(faces, np.asarray(points), inward, strict=True)
    ]
    thin = [length for length in found if length is not None]
    if not thin:
        return []
    area = float(mesh.area) * len(thin) / samples
    message = (
        f"{len(thin):,} of {samples:,} samples (about {plain(area)} {units}² of the surface) are on walls thinner than "
        f"{plain(min_wall)} {units}; the thinnest met is {plain(min(thin))} {units}"
    )
    return [
        Finding(code="thin-walls", severity="warning", count=len(thin), message=message, area=area, thinnest=min(thin))
    ]


def _surface(mesh: Trimesh, inverted: bool) -> Surface:
    import numpy as np

    corners = np.asarray(mesh.triangles, dtype=np.float64)
    if inverted:
        corners = corners[:, ::-1]
    low, high = corners.min(axis=1), corners.max(axis=1)
    # Along the longest side of the part the bounds of triangles overlap the least.
    axis = int(np.argmax(high.max(axis=0) - low.min(axis=0)))
    order = np.argsort(low[:, axis], kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    corners, low, high = corners[order], low[order], high[order]
    return Surface(corners, low, high, axis, place, float((high - low)[:, axis].max()))


def _normals(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit normals; a sample never lies on a face without area."""
    import numpy as np

    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths: NDArray[np.float64] = np.linalg.norm(crosses, axis=1, keepdims=True)
    return crosses / np.where(lengths > 0, lengths, 1.0)


def _thickness(
    surface: Surface, own: Any, point: NDArray[np.float64], direction: NDArray[np.float64], limit: float
) -> float | None:
    """How far from `point` along `direction` the part ends, when that is less than `limit`."""
    import numpy as np

    near = _candidates(surface, point, point + direction * limit)
    near = near[near != own]
    if len(near) == 0:
        return None
    corners = surface.corners[near]
    # Moeller and Trumbore, "Fast, minimum storage ray-triangle intersection" (1997), for one ray and many triangles.
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    across = np.cross(direction, second)
    facing = (first * across).sum(axis=1)
    # facing is -(normal . direction) times twice the area: well below zero where the ray leaves the part.
    doubled_area = np.linalg.norm(np.cross(first, second), axis=1)
    leaving = facing <= -OPPOSED * doubled_area
    leaving &= doubled_area > 0
    if not leaving.any():
        return None
    first, second, across, facing = first[leaving], second[leaving], across[leaving], facing[leaving]
    offset = point - corners[leaving, 0]
    u = (offset * across).sum(axis=1) / facing
    turned = np.cross(offset, first)
    v = (turned @ direction) / facing
    length = (second * turned).sum(axis=1) / facing
    hit = (u >= -EDGE_SLACK) & (v >= -EDGE_SLACK) & (u + v <= 1 + EDGE_SLACK)
    # A hit at the ray's own foot is the neighbour across an edge, or a duplicate of the face itself.
    hit &= (length > limit * SLACK) & (length < limit)
    return float(length[hit].min()) if hit.any() else None


def _candidates(surface: Surface, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.int64]:
    """The triangles whose bounds meet the bounds of the short ray."""
    import numpy as np

    low, high = np.minimum(start, end), np.maximum(start, end)
    axis = surface.axis
    ends = surface.low[:, axis]
    begin = int(np.searchsorted(ends, low[axis] - surface.reach, side="left"))
    stop = int(np.searchsorted(ends, high[axis], side="right"))
    chosen = np.arange(begin, stop)
    for side in range(3):
        chosen = chosen[(surface.low[chosen, side] <= high[side]) & (surface.high[chosen, side] >= low[side])]
    return chosen
