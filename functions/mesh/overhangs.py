"""Faces that lean out over nothing: what a printer would have to support.

A face leans out by the angle between it and upright: 0 degrees is a wall, 90 a ceiling. Its normal's share along the
build direction is minus the sine of that angle. Faces that lie on the plate (the lowest level) need no support.
"""

from __future__ import annotations

from math import radians, sin
from typing import TYPE_CHECKING

from functions.mesh.options import Direction
from functions.mesh.report import Finding
from functions.mesh.units import Unit, plain

if TYPE_CHECKING:
    from trimesh import Trimesh

#: Slack on the sine, so that a face of exactly the allowed angle passes in spite of float32 corners.
SINE_SLACK = 1e-4

#: How near to the lowest level a face must be to lie on the plate, as a share of the part's height.
PLATE_SLACK = 1e-4


def find_overhangs(mesh: Trimesh, angle_deg: float, direction: Direction, inverted: bool, units: Unit) -> list[Finding]:
    """One finding, or none."""
    import numpy as np

    axis = "xyz".index(direction[1])
    up = np.zeros(3)
    up[axis] = 1.0 if direction[0] == "+" else -1.0
    corners = np.asarray(mesh.triangles)
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.sqrt((crosses**2).sum(axis=1))
    rising = crosses @ up * (-1.0 if inverted else 1.0)
    heights = corners @ up
    lowest, highest = heights.min(), heights.max()
    on_plate = heights.max(axis=1) <= lowest + PLATE_SLACK * (highest - lowest)
    leaning = (rising < -(sin(radians(angle_deg)) + SINE_SLACK) * lengths) & (lengths > 0) & ~on_plate
    count = int(leaning.sum())
    if count == 0:
        return []
    area = float(lengths[leaning].sum()) / 2
    message = (
        f"{count:,} face{'' if count == 1 else 's'} ({plain(area)} {units}²) lean out more than {angle_deg:g}° "
        f"from upright when built along {direction}: they need support"
    )
    return [Finding(code="overhangs", severity="warning", count=count, message=message, area=area)]
