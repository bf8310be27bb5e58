"""STL, read strictly: a truncated or garbled file is an error that says where, never a part with pieces missing.

trimesh's own reader takes what it can from a damaged ASCII file, which is right for a viewer and wrong for a quote.
Both readers here answer with one array of corners, shape (triangles, 3, 3), float64.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.mesh.errors import NotAMesh
from functions.mesh.format import is_binary_stl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A binary STL: 80 bytes of free text, a uint32 count, then 50 bytes a triangle
#: (normal and three corners as float32, and two spare bytes), little endian.
HEADER = 84
RECORD = 50

#: Words of one ASCII facet, from `facet normal x y z` to `endfacet`; `None` stands for a number.
FACET: tuple[bytes | None, ...] = (
    *(b"facet", b"normal", None, None, None, b"outer", b"loop"),
    *((b"vertex", None, None, None) * 3),
    *(b"endloop", b"endfacet"),
)

#: Bytes of ASCII that are split into words at a time, so that memory stays near the size of the file.
BLOCK = 1024 * 1024

#: The lines that open and close a solid; its name is free text.
SOLID = re.compile(rb"^[ \t]*(end)?solid\b[^\r\n]*", re.MULTILINE | re.IGNORECASE)


def read_stl(data: bytes, max_triangles: int) -> tuple[NDArray[np.float64], bool]:
    """The corners, and whether the file was binary."""
    if is_binary_stl(data):
        return _binary(data, max_triangles), True
    if data[:256].lstrip()[:5].lower() == b"solid" and b"\0" not in data[:HEADER]:
        return _ascii(data, max_triangles), False
    raise _damaged(data)


def _binary(data: bytes, max_triangles: int) -> NDArray[np.float64]:
    import numpy as np

    check_count((len(data) - HEADER) // RECORD, max_triangles)
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
    return np.frombuffer(data, dtype=record, offset=HEADER)["corners"].astype(np.float64)


def _damaged(data: bytes) -> NotAMesh:
    if len(data) < HEADER:
        return NotAMesh(f"the file is no STL: it has {len(data)} bytes, fewer than the {HEADER} of a binary header")
    count = int.from_bytes(data[80:HEADER], "little")
    needed = HEADER + RECORD * count
    printable = sum(byte in b"\t\r\n" or 32 <= byte < 127 for byte in data[:512])
    if printable == min(512, len(data)):
        return NotAMesh("the file is text, but no STL: an ASCII STL starts with the word solid")
    if len(data) < needed:
        held = (len(data) - HEADER) // RECORD
        return NotAMesh(
            f"the file is a truncated binary STL or none at all: its header announces {count:,} triangles "
            f"({needed:,} bytes), and it has {len(data):,} bytes, room for {held:,}"
        )
    return NotAMesh(
        f"the file is no proper binary STL: its header announces {count:,} triangles ({needed:,} bytes), "
        f"and {len(data) - needed:,} bytes follow them"
    )


def _ascii(data: bytes, max_triangles: int) -> NDArray[np.float64]:
    import numpy as np

    check_count(data.count(b"endfacet"), max_triangles)
    marks = [match.group(1) is not None for match in SOLID.finditer(data)]
    if marks != [index % 2 == 1 for index in range(len(marks))] or len(marks) % 2:
        raise NotAMesh("the ASCII STL is truncated or garbled: its solid and endsolid lines do not pair up")
    words: list[bytes] = []
    parts: list[NDArray[np.float64]] = []
    done = 0
    for block in _blocks(SOLID.sub(b"", data)):
        words += block.lower().split()
        whole = len(words) // len(FACET) * len(FACET)
        if whole:
            parts.append(_facets(words[:whole], done))
            done += whole // len(FACET)
            del words[:whole]
    if words:
        raise NotAMesh(f"the ASCII STL is truncated or garbled: facet {done + 1:,} is not whole")
    return np.concatenate(parts) if parts else np.empty((0, 3, 3))


def _blocks(text: bytes) -> list[bytes]:
    """`text` cut into pieces of about BLOCK bytes, at line ends so that no word is cut."""
    pieces, start = [], 0
    while start < len(text):
        end = text.find(b"\n", start + BLOCK)
        end = len(text) if end < 0 else end + 1
        pieces.append(text[start:end])
        start = end
    return pieces


def _facets(words: list[bytes], done: int) -> NDArray[np.float64]:
    """The corners of whole facets; `done` facets came before, for the message."""
    import numpy as np

    columns = [(word, words[place :: len(FACET)]) for place, word in enumerate(FACET) if word is not None]
    if any(column.count(word) != len(column) for word, column in columns):
        wrong, word = min(
            (next((at for at, found in enumerate(column) if found != word), len(words)), word)
            for word, column in columns
        )
        raise NotAMesh(
            f"the ASCII STL is truncated or garbled: facet {done + wrong + 1:,} lacks its word {word.decode()!r}"
        )
    corners = np.empty((len(words) // len(FACET), 9))
    numbers = [place for place, word in enumerate(FACET) if word is None][3:]
    for column_index, place in enumerate(numbers):
        try:
            corners[:, column_index] = np.array(words[place :: len(FACET)], dtype="S").astype(np.float64)
        except ValueError:
            raise NotAMesh(
                f"the ASCII STL has a coordinate that is no number, in or after facet {done + 1:,}"
            ) from None
    return corners.reshape(-1, 3, 3)


def check_count(triangles: int, max_triangles: int) -> None:
    """Refuse an absurd number of triangles before memory is spent on them."""
    if triangles > max_triangles:
        raise NotAMesh(
            f"the mesh has {triangles:,} triangles, and the limit is {max_triangles:,} "
            "(set by JOBYARD_MESH_MAX_TRIANGLES): reduce it first"
        )
