"""Makes `bracket.stl`: an L-shaped bracket with six holes, whose volume, area and bounds are known in closed form.

    python examples/make_bracket.py [FILE]

The part is two plates of 5 mm that meet at a right angle: a base along x and a wall along z, both 65 mm long and 40 mm
wide. Every flat face is laid out in square cells of 20 mm, each a grid or, around a hole, rings that lead from the
square to the circle. Neighbouring cells put the same points on the edge between them, so the mesh is watertight with
no mesh library at all, and the same bytes come out everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

#: Millimetres.
CELL = 20.0
THICKNESS = 5.0
CELLS_LONG = 3
CELLS_WIDE = 2

#: Divisions of a cell's side. A hole has four times as many straight sides.
DIVISIONS = 8

#: Rings of faces between a cell's square and its hole.
RINGS = 4

STEP = CELL / DIVISIONS
LENGTH = THICKNESS + CELLS_LONG * CELL
WIDTH = CELLS_WIDE * CELL


@dataclass(frozen=True, slots=True)
class Hole:
    """A round hole in the middle of a cell, counted along the plate from the corner, and across it."""

    along: int
    across: int
    radius: float


#: Four screw holes in the base and two larger ones in the wall.
BASE_HOLES = tuple(Hole(along, across, 4.0) for along in (1, 2) for across in (0, 1))
WALL_HOLES = tuple(Hole(2, across, 6.5) for across in (0, 1))

# --- closed form ----------------------------------------------------------------------------------------------

#: The area of the L, and the way around it.
PROFILE_AREA = LENGTH * THICKNESS + (LENGTH - THICKNESS) * THICKNESS
PROFILE_OUTLINE = 4 * LENGTH


def hole_area(radius: float, sides: int | None) -> float:
    """Area of a hole: a regular polygon of `sides` with its corners on the circle; None is the circle itself."""
    return pi * radius**2 if sides is None else sides / 2 * radius**2 * sin(2 * pi / sides)


def hole_outline(radius: float, sides: int | None) -> float:
    """The way around a hole."""
    return 2 * pi * radius if sides is None else 2 * sides * radius * sin(pi / sides)


def volume(sides: int | None = 4 * DIVISIONS) -> float:
    """Cubic millimetres of the part: of the mesh, or with `sides=None` of the ideal part with round holes."""
    holes = sum(hole_area(hole.radius, sides) for hole in BASE_HOLES + WALL_HOLES)
    return PROFILE_AREA * WIDTH - holes * THICKNESS


def surface_area(sides: int | None = 4 * DIVISIONS) -> float:
    """Square millimetres of the part's surface; `sides` as for `volume`."""
    area = 2 * PROFILE_AREA + PROFILE_OUTLINE * WIDTH
    for hole in BASE_HOLES + WALL_HOLES:
        area += hole_outline(hole.radius, sides) * THICKNESS - 2 * hole_area(hole.radius, sides)
    return area


# --- the mesh -------------------------------------------------------------------------------------------------


def sheet(points: Points) -> Points:
    """Two triangles for each mesh of a net of points, shape (rows, columns, 3) to (triangles, 3, 3)."""
    a, b, c, d = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    return np.concatenate([np.stack([a, b, c], axis=2), np.stack([a, c, d], axis=2)]).reshape(-1, 3, 3)


def grid(u0: float, u1: float, v0: float, v1: float) -> Points:
    """A net of plane points, STEP apart."""
    u = u0 + STEP * np.arange(round((u1 - u0) / STEP) + 1)
    v = v0 + STEP * np.arange(round((v1 - v0) / STEP) + 1)
    return np.stack(np.meshgrid(u, v, indexing="ij"), axis=2)


def circle(u: float, v: float, radius: float) -> Points:
    """A closed ring of points, against the clock from lower left."""
    angle = 2 * pi * (np.arange(4 * DIVISIONS) / (4 * DIVISIONS)) - 3 * pi / 4
    ring = np.stack([u + radius * np.cos(angle), v + radius * np.sin(angle)], axis=1)
    return np.concatenate([ring, ring[:1]])


def square(u: float, v: float) -> Points:
    """The edge of a cell as a closed ring of points, against the clock from lower left."""
    side = STEP * np.arange(DIVISIONS) - CELL / 2
    far = np.full(DIVISIONS, CELL / 2)
    ring = np.concatenate([np.stack(pair, axis=1) for pair in ((side, -far), (far, side), (-side, far), (-far, -side))])
    return np.concatenate([ring, ring[:1]]) + np.asarray((u, v), dtype=np.float64)


def centre(hole: Hole) -> tuple[float, float]:
    """Where the hole's cell has its middle."""
    return THICKNESS + (hole.along + 0.5) * CELL, (hole.across + 0.5) * CELL


def plate(holes: tuple[Hole, ...]) -> list[Points]:
    """Nets that cover a plate's face from the corner strip to its end, but for the holes."""
    nets = []
    for along in range(CELLS_LONG):
        for across in range(CELLS_WIDE):
            u, v = centre(Hole(along, across, 0))
            radius = next((hole.radius for hole in holes if (hole.along, hole.across) == (along, across)), None)
            if radius is None:
                nets.append(grid(u - CELL / 2, u + CELL / 2, v - CELL / 2, v + CELL / 2))
            else:
                share = (np.arange(RINGS + 1) / RINGS)[:, None, None]
                rings = square(u, v) * (1 - share) + circle(u, v, radius) * share
                nets.append(rings.transpose(1, 0, 2))
    return nets


def placed(net: Points, place: Callable[[Points, Points], tuple[Points, Points, Points]]) -> Points:
    """The triangles of a plane net, put into space."""
    return sheet(np.stack(place(net[..., 0], net[..., 1]), axis=2))


def bore(hole: Hole) -> Points:
    """The triangles of a hole's inside as (along, across, depth), facing its axis."""
    ring = circle(*centre(hole), hole.radius)
    depths = STEP * np.arange(round(THICKNESS / STEP) + 1)
    return sheet(np.stack([np.column_stack([ring, np.full(len(ring), depth)]) for depth in depths]))


def turned(triangles: Points) -> Points:
    """The same triangles, facing the other way."""
    return triangles[:, ::-1]


def plate_triangles(holes: tuple[Hole, ...]) -> Points:
    """One plate, lying, as (along, across, up): both faces, its end, and the bores; not the sides of the L."""
    top = [placed(net, lambda a, b: (a, b, np.full_like(a, THICKNESS))) for net in plate(holes)]
    below = [*plate(holes), grid(0, THICKNESS, 0, WIDTH)]
    bottom = [turned(placed(net, lambda a, b: (a, b, np.zeros_like(a)))) for net in below]
    end = placed(grid(0, WIDTH, 0, THICKNESS), lambda a, b: (np.full_like(a, LENGTH), a, b))
    return np.concatenate([*top, *bottom, end, *(bore(hole) for hole in holes)])


def bracket() -> NDArray[np.float32]:
    """All triangles of the part, shape (n, 3, 3), millimetres, normals outward."""
    base = plate_triangles(BASE_HOLES)
    # The wall is the same plate with along and up exchanged, a mirror image that has to be turned.
    wall = turned(plate_triangles(WALL_HOLES)[:, :, [2, 1, 0]])
    sides = []
    for net in (grid(0, LENGTH, 0, THICKNESS), grid(0, THICKNESS, THICKNESS, LENGTH)):
        sides.append(placed(net, lambda a, b: (a, np.zeros_like(a), b)))
        sides.append(turned(placed(net, lambda a, b: (a, np.full_like(a, WIDTH), b))))
    return np.concatenate([base, wall, *sides]).astype(np.float32)


def binary_stl(triangles: NDArray[np.float32]) -> bytes:
    """The bytes of a binary STL file."""
    records = np.zeros(len(triangles), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
    # Normals are left zero, which STL allows: readers take them from the order of the corners.
    records["corners"] = triangles
    header = b"L bracket with six holes, millimetres".ljust(80, b"\0")
    return header + len(triangles).to_bytes(4, "little") + records.tobytes()


def main() -> None:
    """Write the file, and say what a correct analysis of it has to answer."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("bracket.stl")
    triangles = bracket()
    target.write_bytes(binary_stl(triangles))
    print(f"{target}: {len(triangles):,} triangles")
    print(f"volume {volume():.6f} mm³ (round holes: {volume(None):.6f})")
    print(f"area {surface_area():.6f} mm² (round holes: {surface_area(None):.6f})")
    print(f"bounds {LENGTH:g} x {WIDTH:g} x {LENGTH:g} mm")


if __name__ == "__main__":
    main()
