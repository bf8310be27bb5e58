"""The tables that promise something: each line leads to the page that says more, and to tests that are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.cli.house import CHECKOUT

README = CHECKOUT / "README.md"


def section(page: Path, heading: str) -> str:
    """The text below a heading of the second level, without what is above its first table."""
    return page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def lines(text: str) -> list[list[str]]:
    """The cells of all lines of its tables, but for their heads."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("| ---"):
            found.pop()
        elif line.startswith("| "):
            found.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return found


def links(text: str) -> list[str]:
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]


@cache
def anchors(page: Path) -> frozenset[str]:
    """What a link to the page's headings can name."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings)


@cache
def has_tests(path: Path) -> bool:
    """Whether pytest would find a test in a file, or in each file of a folder that is named as one with tests."""
    if path.is_dir():
        files = sorted(path.rglob("test_*.py"))
        return bool(files) and all(map(has_tests, files))
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr == "TestCase":
            # A state machine of hypothesis.
            names.append("test_" + ast.unparse(node.targets[0]))
    return path.name.startswith("test_") and any(name.startswith("test_") for name in names)


FEATURES = lines(section(README, "What it does"))
COSTS = lines(section(CHECKOUT / "docs" / "cost.md", "What each feature adds"))


def test_the_tables_are_found() -> None:
    assert len(FEATURES) > 80
    assert len(COSTS) > 35
    assert len({line[0] for line in FEATURES}) == len(FEATURES), "no promise stands there twice"


@pytest.mark.parametrize("cells", FEATURES, ids=lambda cells: cells[0][:40])
def test_a_feature_has_a_page_and_tests(cells: list[str]) -> None:
    what, page, tests = cells
    assert what
    assert links(page), "a page"
    assert links(tests), "tests"
    for link in links(page):
        name, _, anchor = link.partition("#")
        assert re.fullmatch(r"docs/[\w.-]+\.md", name)
        assert not anchor or anchor in anchors(CHECKOUT / name), link
    for link in links(tests):
        assert link.startswith("tests/")
        assert has_tests(CHECKOUT / link), f"no test in {link}"


@pytest.mark.parametrize("cells", COSTS, ids=lambda cells: cells[0][:40])
def test_what_a_feature_costs_is_counted_in_a_test(cells: list[str]) -> None:
    what, units, calls, tests = cells
    assert what
    assert units + calls
    assert links(tests)
    for link in links(tests):
        counted = CHECKOUT / "docs" / link
        assert has_tests(counted.resolve()), f"no test in {link}"
        text = counted.read_text(encoding="utf-8")
        assert re.search(r"units|\.calls|Bill\(", text), f"nothing is counted in {link}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    ahead = [README]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        for link in links(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target not in reached and target not in ahead:
                ahead.append(target)
    assert set(CHECKOUT.glob("docs/**/*.md")) - reached == set()


@pytest.mark.parametrize(
    ("path", "held"),
    [("test_tables.py", True), ("__init__.py", False), ("lambda_jobs.py", False), (".", True)],
)
def test_a_file_without_tests_is_seen(path: str, held: bool) -> None:
    assert has_tests((Path(__file__).parent / path).resolve()) is held
