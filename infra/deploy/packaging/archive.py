"""IO: a zip whose bytes depend on nothing but its contents: entries sorted, times fixed, permissions two."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from infra.deploy.packaging.contents import File

#: The earliest time that a zip can tell.
MOMENT = (1980, 1, 1, 0, 0, 0)
#: Lambda runs functions as a user of its own: all may read. (docs.aws.amazon.com/lambda/latest/dg/python-package.html)
READABLE, EXECUTABLE = 0o100644, 0o100755
#: The entry was made on Unix: its permissions count.
UNIX = 3
#: zlib's; above it, a tenth of a per cent is gained for twice the time.
LEVEL = 6


def write_archive(path: Path, files: Mapping[str, File]) -> None:
    """Writes the files; a reader sees the old archive or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.create_system = UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (EXECUTABLE if files[name].executable else READABLE) << 16
            archive.writestr(entry, files[name].content, compresslevel=LEVEL)
    draft.replace(path)
