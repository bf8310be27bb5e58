"""Every snippet of docs/aws-clients.md is some test's."""

from __future__ import annotations

from pathlib import Path

from tests.clients.documented import headings

#: Not a client, but the words of an error (test_credentials).
CREDENTIALS = "Credentials"


def test_every_snippet_is_run() -> None:
    sources = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert len(headings()) > 10
    assert [heading for heading in headings() if f'"{heading}"' not in sources] == []
