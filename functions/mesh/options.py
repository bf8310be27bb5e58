"""What a caller may ask of an analysis: the thresholds, each with its unit and default."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.mesh.units import Unit

#: The direction that a part is built in, away from the plate.
Direction = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


class AnalysisOptions(BaseModel):
    """Options of `file-analysis`; camelCase and snake_case are both read, an unknown one is refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    extract_geometry: bool = Field(default=True, description="Measure volume, area, bounding box and watertightness.")
    perform_dfm: bool = Field(default=True, description="Look for design-for-manufacture findings.")
    units: Unit | None = Field(
        default=None,
        description="The unit that lengths are given in. STL and OBJ carry none: their numbers are taken as this "
        "unit, default mm. A 3MF names its own: default that one, else converted.",
    )
    min_wall_mm: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = Field(
        default=1.0, description="Walls thinner than this many millimetres are findings, whatever `units` is."
    )
    wall_samples: Annotated[int, Field(ge=0, le=20_000)] = Field(
        default=1000, description="Rays sent into the part to measure walls; 0 leaves the check out."
    )
    overhang_angle_deg: Annotated[float, Field(ge=0, lt=90, allow_inf_nan=False)] = Field(
        default=45.0, description="Faces that lean out further than this many degrees from upright are overhangs."
    )
    build_direction: Direction = Field(default="+z", description="Which way is up when the part is made.")
