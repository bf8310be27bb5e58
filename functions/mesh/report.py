"""What an analysis answers. Every number is finite; lengths are in `units`, areas and volumes in its powers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.mesh.units import Unit

#: A number that JSON can carry.
Finite = Annotated[float, Field(allow_inf_nan=False)]

#: A point, or the lengths of a box's sides: x, y, z.
Vector = tuple[Finite, Finite, Finite]

#: error: the part cannot be made as it is. warning: it can, with care. info: worth knowing.
Severity = Literal["error", "warning", "info"]

#: Names of findings, for programs to tell them apart.
Code = Literal[
    "open-edges",
    "non-manifold-edges",
    "inconsistent-winding",
    "inverted-normals",
    "degenerate-faces",
    "duplicate-faces",
    "thin-walls",
    "overhangs",
]


class Answer(BaseModel):
    """The base of all that is answered: camelCase in JSON, fixed once made."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True, frozen=True)


class BoundingBox(Answer):
    """The smallest box along the axes that holds the part."""

    min: Vector
    max: Vector
    size: Vector


class Geometry(Answer):
    """The part's measures."""

    #: None when the surface encloses no volume: it is open, or its faces disagree about which side is out.
    volume: Finite | None
    surface_area: Finite
    bounding_box: BoundingBox
    watertight: bool
    #: Separate shells: 1 for one solid without closed inner cavities.
    bodies: int
    vertices: int


class Finding(Answer):
    """One thing about the part that its maker should know."""

    code: Code
    severity: Severity
    #: How many: edges, faces, or thin samples, as the message says.
    count: int
    message: str
    #: The surface concerned, in square units, where that means something.
    area: Finite | None = None
    #: The thinnest wall met, in units; thin walls only.
    thinnest: Finite | None = None


class Analysis(Answer):
    """The whole result of `file-analysis`."""

    file_id: str | None
    file_name: str | None
    #: Size of the file in bytes.
    file_size: int
    format: Literal["stl-binary", "stl-ascii", "obj", "3mf"]
    units: Unit
    triangles: int
    #: None when `extractGeometry` was false.
    geometry: Geometry | None
    #: None when `performDfm` was false; empty when nothing was found.
    findings: list[Finding] | None
