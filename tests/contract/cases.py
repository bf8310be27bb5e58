"""The cases of the contract suite as data: their behaviour, AWS's page for it, and who is known to differ.

Read from the modules themselves, without running anything. A case's page is a URL in its docstring, or AWS's page of
the operations that the docstring names, or a title in quotes; a case without one has that of its class or module.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _pytest.mark.structures import Mark, ParameterSet

from infra.actions.page import PAGES
from infra.local.model import input_shapes
from tests.contract.targets import services_of

FOLDER = Path(__file__).parent
MARKS = ("deviates", "deviates_in_part")
_URL = re.compile(r"(?:https?://|\.\.\./)[^\s)]+\.html(?:#[\w.-]+)?")
#: What a docstring may leave out of the URLs of the developer guides, written as `.../ql-reference.insert.html`.
_GUIDES = {
    "dynamodb": "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide",
}
_WORD = re.compile(r"\b(API_)?([A-Z][A-Za-z]+)\b")
_TITLE = re.compile(r'"([A-Z][^"]+)"')
#: Pages that a cell names at most.
_PAGES = 2


@dataclass(frozen=True, slots=True)
class Case:
    #: The module's name, such as `test_sqs_fifo`; the class's, if it is in one; and the function's.
    file: str
    group: str
    name: str
    #: What its target must offer.
    services: frozenset[str]
    #: (text, URL) of AWS's pages; the URL is empty where the docstring has the title alone.
    pages: tuple[tuple[str, str], ...]
    #: Target -> what it does instead, each reason once.
    deviations: dict[str, tuple[str, ...]]

    @property
    def title(self) -> str:
        """The behaviour, as a sentence without its full stop."""
        return self.name.removeprefix("test_").replace("_", " ")


def all_cases() -> list[Case]:
    """In the order of files and of what stands in them."""
    cases: list[Case] = []
    for path in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"{__package__}.{path.stem}")
        for holder, group, function in _functions(module):
            cases.append(_case(module, holder, group, function))
    return cases


def _functions(module: Any) -> Iterator[tuple[Any, str, Any]]:
    """(where its docstring is looked for next, class or nothing, function) of each case."""
    for name, value in vars(module).items():
        if name.startswith("test_"):
            yield module, "", value
        elif isinstance(value, type) and name.startswith("Test"):
            for inner, function in vars(value).items():
                if inner.startswith("test_"):
                    yield value, name, function


def _case(module: Any, holder: Any, group: str, function: Any) -> Case:
    fixtures = frozenset(function.__code__.co_varnames[: function.__code__.co_argcount])
    services = services_of(module.__name__, fixtures)
    documented = (function.__doc__, holder.__doc__, module.__doc__)
    pages = next((found for text in documented if (found := _pages(text or "", services))), ())
    marks = [mark for owner in dict.fromkeys((function, holder, module)) for mark in _marks(owner)]
    file = module.__name__.rpartition(".")[2]
    return Case(file, group, function.__name__, services, pages, _deviations(marks))


def _marks(owner: Any) -> list[Mark]:
    """As pytest keeps them at functions and classes, and as a module has them, which may be one alone."""
    own = getattr(owner, "pytestmark", [])
    return [_bare(mark) for mark in (own if isinstance(own, list) else [own])]


def _bare(mark: Any) -> Mark:
    """The mark that its decorator, or nothing, is around."""
    bare: Mark = mark if isinstance(mark, Mark) else mark.mark
    return bare


def _pages(text: str, services: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The pages that a docstring names: URLs, or else operations, or else titles in quotes."""
    found: dict[str, str] = {}
    for url in _URL.findall(text):
        guide = next((_GUIDES[service] for service in sorted(services) if service in _GUIDES), "")
        whole = url.replace("...", guide if "APIReference" not in url else guide.rpartition("/")[0], 1)
        found[whole.rpartition("/")[2].removesuffix(".html").removeprefix("API_")] = whole
    if not found:
        for marked, word in _WORD.findall(text):
            for service in sorted(services):
                if marked or word in input_shapes(service):
                    found[word] = PAGES[service].format(word)
    if not found:
        found = dict.fromkeys(_TITLE.findall(text.replace("\n", " ")), "")
    return tuple(found.items())[:_PAGES]


def _deviations(marks: list[Mark]) -> dict[str, tuple[str, ...]]:
    """Who differs and how, by the marks of a case and of its parameters."""
    parameters = [entry for mark in marks if mark.name == "parametrize" for entry in mark.args[1]]
    inner = [_bare(mark) for entry in parameters if isinstance(entry, ParameterSet) for mark in entry.marks]
    reasons: dict[str, dict[str, None]] = {}
    for mark in (*marks, *inner):
        if mark.name in MARKS:
            for target, reason in mark.kwargs.items():
                reasons.setdefault(target, {})[reason] = None
    return {target: tuple(told) for target, told in reasons.items()}
