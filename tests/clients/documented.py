"""The snippets of docs/aws-clients.md: the tests run what the page shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "aws-clients.md"
#: Where the page says that the endpoint is.
ADDRESS = "127.0.0.1:4566"
_PART = re.compile(r"^##+ (?P<heading>[^\n]*)$|^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block."""

    heading: str
    language: str
    code: str
    #: The `text` block that follows it; empty where there is none.
    printed: str = ""

    def at(self, endpoint: str) -> str:
        """The code as it reads for an endpoint on another port."""
        return self.code.replace(ADDRESS, endpoint.removeprefix("http://"))


def headings() -> list[str]:
    """The headings under which there is something to run."""
    return list(dict.fromkeys(one.heading for one in _snippets() if one.heading))


def documented(heading: str, number: int = 0) -> Snippet:
    """The snippet of this number under a heading."""
    return [one for one in _snippets() if one.heading == heading][number]


def commands(snippet: Snippet) -> list[tuple[str, str]]:
    """(command, what it prints) of a console session."""
    parts = re.split(r"^\$ ", snippet.code, flags=re.MULTILINE)[1:]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def matches(shown: str, printed: str) -> bool:
    """Whether the output is as shown; `...` stands for anything."""
    pattern = re.escape(shown.strip()).replace(re.escape("..."), ".*")
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def _snippets() -> list[Snippet]:
    found: list[Snippet] = []
    heading = ""
    for part in _PART.finditer(PAGE.read_text(encoding="utf-8")):
        if part["heading"]:
            heading = part["heading"]
        elif part["language"] == "text" and found and found[-1].heading == heading:
            last = found.pop()
            found.append(Snippet(last.heading, last.language, last.code, part["text"]))
        else:
            found.append(Snippet(heading, part["language"], part["text"]))
    return found
