"""The job `file-analysis`: a mesh behind a URL becomes measures and design-for-manufacture findings.

It is a plain `def` because it is CPU-bound: it runs in a worker process of its own, which a timeout can end and whose
crash hurts nobody. What cannot get better by trying again (a refused URL, a file that is no mesh) is discarded with
its reason; what may (a time-out, a 503) is raised as it is, and retried.

It has three levels of priority, so that the file that somebody is waiting for does not wait behind a thousand others.
"""

import os

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from functions.mesh.errors import NotAMesh
from functions.mesh.format import FileType, named
from functions.mesh.options import AnalysisOptions
from functions.mesh.report import Analysis, Finding
from functions.mesh.units import Unit
from queues import SERVICE_CLASSES, Context, Discard, Exponential, job
from queues.errors import Misconfigured
from queues.fetch import FetchPolicy, FetchRefused, fetch
from queues.fetch.source import MAX_URL, parse


class FileToAnalyse(BaseModel):
    """Input of `file-analysis`; only `fileUrl` is required. Fields that it does not know are left alone."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    file_url: str = Field(
        min_length=1,
        max_length=MAX_URL,
        description="Where the mesh is: file:///..., http(s)://... or s3://bucket/key.",
        examples=["s3://bucket/file.stl"],
    )
    file_id: str | None = Field(
        default=None, max_length=256, description="The caller's own id; given back in the result."
    )
    file_name: str | None = Field(
        default=None, max_length=1024, description="Given back; its ending may tell the format."
    )
    file_type: FileType | None = Field(default=None, description="stl, obj or 3mf; found out when it is not given.")
    analysis_options: AnalysisOptions = Field(default_factory=AnalysisOptions)

    @field_validator("file_url")
    @classmethod
    def _readable_scheme(cls, url: str) -> str:
        try:
            parse(url)
        except FetchRefused as error:
            raise ValueError(str(error)) from None
        return url

    @field_validator("file_type", mode="before")
    @classmethod
    def _as_a_format(cls, value: object) -> object:
        """`.STL` and `model/stl` are `stl` too; what stands for no format is left for the type to refuse."""
        return (named(value) or value) if isinstance(value, str) else value


@job(
    "file-analysis",
    priorities=SERVICE_CLASSES,
    backoff=Exponential(5),
    timeout=300,
    memory=2048,
    extras=("mesh",),
)
def analyse(file: FileToAnalyse, ctx: Context) -> Analysis:
    """Fetch, read, measure, look for findings. Answers in `units`; see docs/file-analysis.md."""
    ctx.progress(0, "fetching")
    try:
        data = fetch(file.file_url, FetchPolicy.from_environment())
    except FetchRefused as error:
        raise Discard(str(error)) from error

    ctx.progress(20, f"reading {len(data):,} bytes")
    try:
        return examine_bytes(data, file, ctx)
    except NotAMesh as error:
        raise Discard(f"{parse(file.file_url).shown}: {error}") from error


def examine_bytes(data: bytes, file: FileToAnalyse, ctx: Context) -> Analysis:
    """All that follows once the bytes are here; raises NotAMesh."""
    from functions.mesh.measure import measure
    from functions.mesh.read import read_mesh
    from functions.mesh.topology import examine

    options = file.analysis_options
    loaded = read_mesh(data, _wanted(file), options.units, max_triangles())
    mesh, triangles = loaded.mesh, len(loaded.mesh.faces)
    ctx.log(f"{triangles:,} triangles of {loaded.format}, in {loaded.units}")

    ctx.progress(50, f"measuring {triangles:,} triangles")
    topology = examine(mesh)
    geometry = measure(mesh, topology) if options.extract_geometry else None
    findings: list[Finding] | None = None
    if options.perform_dfm:
        from functions.mesh.overhangs import find_overhangs
        from functions.mesh.topology import topology_findings
        from functions.mesh.walls import find_thin_walls

        ctx.progress(70, "looking for thin walls and overhangs")
        min_wall = options.min_wall_mm * (Unit.MILLIMETRE.millimetres / loaded.units.millimetres)
        findings = [
            *topology_findings(topology),
            *find_thin_walls(mesh, min_wall, options.wall_samples, topology.inverted, loaded.units),
            *find_overhangs(mesh, options.overhang_angle_deg, options.build_direction, topology.inverted, loaded.units),
        ]
    ctx.progress(100, "done")
    return Analysis(
        file_id=file.file_id,
        file_name=file.file_name,
        file_size=len(data),
        format=loaded.format,
        units=loaded.units,
        triangles=triangles,
        geometry=geometry,
        findings=findings,
    )


def _wanted(file: FileToAnalyse) -> FileType | None:
    """What the caller says that the file is: by type, else by name, else by the URL's path."""
    if file.file_type is not None:
        return file.file_type
    return (named(file.file_name) if file.file_name else None) or named(parse(file.file_url).parts.path)


def max_triangles() -> int:
    """`JOBYARD_MESH_MAX_TRIANGLES`, or the default."""
    from functions.mesh.read import MAX_TRIANGLES

    text = os.environ.get("JOBYARD_MESH_MAX_TRIANGLES") or str(MAX_TRIANGLES)
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise Misconfigured(
            f"JOBYARD_MESH_MAX_TRIANGLES is {text!r}: write a whole number above 0, such as {MAX_TRIANGLES}"
        )
    return int(text)


handler = analyse.lambda_handler
