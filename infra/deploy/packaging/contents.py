"""What goes into an artifact: files by their path in it. What is left out is nothing that runs."""

from __future__ import annotations

import importlib.util
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from queues.errors import Misconfigured

#: What pip and package managers keep of a wheel for themselves. The metadata itself stays: code asks for versions and
#: entry points; so do the licences.
BOOKKEEPING = frozenset({"RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json", "top_level.txt", "zip-safe"})
#: Sources for compilers, of which Lambda has none.
COMPILED_FROM = frozenset({".a", ".c", ".cpp", ".h", ".pxd", ".pxi", ".pyx"})
#: Folders of a package that its other modules do not import.
UNUSED_FOLDERS = frozenset({"tests", "__pycache__"})
#: The services that our own code calls, as botocore's folders of data are named. botocore's wheel describes all 400.
SERVICES = frozenset({"cloudwatch", "dynamodb", "kms", "lambda", "logs", "s3", "scheduler", "sqs", "sts"})
BOTOCORE_DATA = ("botocore", "data")
#: What users test with: it needs `infra`, which no artifact has.
TEST_DOUBLES = "queues.testing"


@dataclass(frozen=True, slots=True)
class File:
    """A file of an artifact."""

    content: bytes
    executable: bool = False


#: Path in the artifact, with `/` -> file.
Files = dict[str, File]


def of_wheel(path: Path, services: Collection[str]) -> Files:
    """What of a wheel goes in. `services`: those whose data botocore keeps."""
    files: Files = {}
    with zipfile.ZipFile(path) as wheel:
        for entry in wheel.infolist():
            name = None if entry.is_dir() else _place(PurePosixPath(entry.filename))
            if name is not None and _needed(name, services):
                files[str(name)] = File(wheel.read(entry), _is_executable(entry.external_attr >> 16))
    return files


def _place(name: PurePosixPath) -> PurePosixPath | None:
    """Where pip would put a wheel's entry; None for what is no module's, such as scripts for a shell."""
    head = name.parts[0]
    if not head.endswith(".data"):
        return name
    kind, *rest = name.parts[1:]
    return PurePosixPath(*rest) if kind in ("purelib", "platlib") and rest else None


def _needed(name: PurePosixPath, services: Collection[str]) -> bool:
    folders = name.parts[:-1]
    if folders and folders[0].endswith(".dist-info"):
        return name.name not in BOOKKEEPING
    if folders[:2] == BOTOCORE_DATA and len(folders) > 2:
        return folders[2] in services
    return name.suffix not in COMPILED_FROM and UNUSED_FOLDERS.isdisjoint(folders)


def of_package(name: str) -> Files:
    """All files of one of our own packages, as it lies in the work tree; Misconfigured if it cannot be found."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Misconfigured(f"package {name!r} cannot be found; call this where it can be imported")
    origin = Path(spec.origin)
    if spec.submodule_search_locations is None:
        return {origin.name: _read(origin)}
    return {str(place): _read(origin.parent.parent / place) for place in _walk(origin.parent, PurePosixPath(name))}


def _walk(folder: Path, place: PurePosixPath) -> Iterator[PurePosixPath]:
    for path in sorted(folder.iterdir()):
        inner = place / path.name
        if path.name.startswith(".") or path.name == "__pycache__" or ".".join(inner.parts) == TEST_DOUBLES:
            continue
        if path.is_dir():
            yield from _walk(path, inner)
        else:
            yield inner


def _read(path: Path) -> File:
    return File(path.read_bytes(), _is_executable(path.stat().st_mode))


def _is_executable(mode: int) -> bool:
    return bool(mode & 0o100)


def merge(parts: dict[str, Files]) -> Files:
    """The files of several wheels and packages in one tree; Misconfigured if two differ about one."""
    merged: Files = {}
    source: dict[str, str] = {}
    for part, files in parts.items():
        for name, file in files.items():
            other = merged.setdefault(name, file)
            if other.content != file.content:
                raise Misconfigured(f"{source[name]} and {part} both hold {name}, and differ")
            source.setdefault(name, part)
    return merged
