"""Which format a file is in: what the caller says, else its name, and in any case what its first bytes say."""

from typing import Literal

from functions.mesh.errors import NotAMesh

#: The formats that are read.
FileType = Literal["stl", "obj", "3mf"]

#: Media types that stand for them.
MEDIA_TYPES: dict[str, FileType] = {
    "model/stl": "stl",
    "application/sla": "stl",
    "application/vnd.ms-pki.stl": "stl",
    "model/obj": "obj",
    "model/3mf": "3mf",
    "application/vnd.ms-package.3dmanufacturing-3dmodel+xml": "3mf",
}

EXTENSIONS: dict[str, FileType] = {"stl": "stl", "obj": "obj", "3mf": "3mf"}

#: First bytes of what people upload by mistake, and what to call it. None of them starts a mesh.
MISTAKES = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"ISO-10303", "a STEP model"),
    (b"\x7fELF", "a program"),
    (b"glTF", "a glTF model"),
    (b"ply\n", "a PLY model"),
    (b"ply\r", "a PLY model"),
    (b"<", "an HTML page or XML document"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
)


def named(text: str) -> FileType | None:
    """The format that a file type, a media type or a file name stands for; None when it says nothing."""
    word = text.strip().lower()
    if word in MEDIA_TYPES:
        return MEDIA_TYPES[word]
    return EXTENSIONS.get(word.rpartition("/")[2].rpartition(".")[2])


def settle(data: bytes, wanted: FileType | None) -> FileType:
    """The format to read `data` as; raises NotAMesh when it is plainly something else."""
    if not data:
        raise NotAMesh("the file is empty")
    zipped = data.startswith(b"PK\x03\x04")
    if zipped and wanted in (None, "3mf"):
        return "3mf"
    if zipped:
        raise NotAMesh(f"the file is a zip archive or a 3MF model, not {wanted.upper() if wanted else 'a mesh'}")
    head = data[:256].lstrip()
    # A binary STL's first 80 bytes are free text, so its length speaks louder than they do.
    if wanted != "obj" and is_binary_stl(data):
        return "stl"
    for start, name in MISTAKES:
        if head.startswith(start):
            raise NotAMesh(f"the file is {name}, not {wanted.upper() if wanted else 'an STL, OBJ or 3MF mesh'}")
    if wanted == "3mf":
        raise NotAMesh("the file is not a 3MF model: a 3MF is a zip archive, and this is none")
    if wanted is not None:
        return wanted
    return "obj" if head.startswith((b"v ", b"o ", b"g ", b"#", b"mtllib ")) else "stl"


def is_binary_stl(data: bytes) -> bool:
    """Whether the length is exactly the one that a binary STL's header announces."""
    return len(data) >= 84 and len(data) == 84 + 50 * int.from_bytes(data[80:84], "little")
