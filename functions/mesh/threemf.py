"""What a 3MF file must not do before trimesh reads it: unpack without end, parse without end, multiply without end.

A 3MF is a zip of XML. Its objects may be built of other objects, and forty objects that each hold the next one twice
place a million million parts in two kilobytes. So the placements are counted, level by level, without making them.
"""

import io
import zipfile
from xml.parsers import expat

from functions.mesh.errors import NotAMesh

#: Most bytes that an archive may unpack to. Its announced sizes are binding: unpacking stops at them.
MAX_UNPACKED = 512 * 1024 * 1024

#: Most parts that a model may place, and the deepest that its objects may be built of each other.
MAX_PLACEMENTS = 10_000
MAX_DEPTH = 100

#: A document type in UTF-8 or UTF-16. 3MF forbids it, and entities that grow or reach outside need one.
DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))


def check_archive(data: bytes) -> None:
    """Raise NotAMesh for an archive that is damaged, holds no model, or may not be parsed safely."""
    placements = Placements()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if size > MAX_UNPACKED:
                raise NotAMesh(f"the 3MF unpacks to {size:,} bytes, and the limit is {MAX_UNPACKED:,}")
            models = [part for part in parts if part.filename.lower().endswith(".model")]
            if not models:
                raise NotAMesh("the zip archive holds no 3D model: it is no 3MF file")
            for part in models:
                placements.read(archive.read(part))
    # NotImplementedError is how zipfile tells of a compression that it does not know.
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise NotAMesh(f"the 3MF archive is damaged, truncated or encrypted ({type(error).__name__})") from None
    placements.check()


class Placements:
    """Which objects a model builds of which, and which it places."""

    def __init__(self) -> None:
        self._parts: dict[str, list[str]] = {}
        self._items: list[str] = []
        self._current = ""
        self._counts: dict[str, int] = {}

    def read(self, model: bytes) -> None:
        """Take in the XML of one model part."""
        if any(mark in model for mark in DOCTYPES):
            raise NotAMesh("the 3MF declares a document type, which the format forbids")
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        try:
            parser.Parse(model, True)
        except expat.ExpatError as error:
            raise NotAMesh(f"the 3MF holds broken XML, at line {error.lineno:,}") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(" ")[2]:
            case "object":
                self._current = attributes.get("id", "")
            case "component":
                self._parts.setdefault(self._current, []).append(attributes.get("objectid", ""))
            case "item":
                self._items.append(attributes.get("objectid", ""))

    def check(self) -> None:
        """Raise NotAMesh when there are too many, or when an object is built of itself."""
        total = sum(self._count(item, 0) for item in self._items)
        if total > MAX_PLACEMENTS:
            raise NotAMesh(f"the 3MF places {total:,} objects, and the limit is {MAX_PLACEMENTS:,}")

    def _count(self, name: str, depth: int) -> int:
        """Objects placed by placing `name`: itself and all that it is built of."""
        if depth > MAX_DEPTH:
            raise NotAMesh(f"the 3MF builds objects of each other in a circle or over {MAX_DEPTH} levels deep")
        if name not in self._counts:
            self._counts[name] = 1 + sum(self._count(part, depth + 1) for part in self._parts.get(name, ()))
        return self._counts[name]
