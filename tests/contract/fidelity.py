"""docs/fidelity.md as text: which targets agree with AWS on which behaviour, as a run of the suite has seen it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby

from infra.actions.page import TITLES
from infra.local.model import input_shapes
from tests.contract.cases import Case
from tests.contract.targets import SERVICES, TARGETS, Target, offering

#: How many runs of a case agreed on a target, and of how many: one for each of its parameters.
Outcome = tuple[int, int]
#: (file, class, function) of a case and a target's name -> its outcome.
Outcomes = Mapping[tuple[str, str, str, str], Outcome]

AGREES, DIFFERS, NOT_OFFERED = "✓", "✗", "-"
_HEAD_ROW = "| behaviour"
_NO_OPERATION = re.compile(r"has no (\w+)")
_NAMES = {
    name.lower(): name
    for name in ("AWS", "SQS", "FIFO", "KMS", "IAM", "XML", "JSON", "URL", "SHA", "DynamoDB", "PartiQL", "SQL")
}

HEAD = """\
# Fidelity

<!-- Made by `make fidelity` from a run of tests/contract; do not change it by hand. -->

Every case of [tests/contract](../tests/contract) is one behaviour of AWS's. It runs against the direct door and the
HTTP door of the embedded AWS, and against
{others}.
Where they disagree, AWS's documentation decides, or what AWS was seen to answer; the case follows it, and says who
differs and how. A known difference must fail: once it is gone, the suite says so. The cases were written along with the
embedded AWS; that it has no differences is their purpose, not a measure of it.

{agrees} agrees · {differs} differs · "2 of 5" agrees for so many of the case's parameters · {not_offered} not offered
(implementations that lack a whole service have no column there)

"""


def render(cases: Iterable[Case], outcomes: Outcomes, versions: Mapping[str, str]) -> str:
    """The page; `versions` tells those of the emulators, by target."""
    cases = list(cases)
    others = [f"{target.title} {versions[target.name]}" for target in TARGETS if target.emulator]
    head = HEAD.format(
        others=", ".join(others[:-1]) + f" and {others[-1]}", agrees=AGREES, differs=DIFFERS, not_offered=NOT_OFFERED
    )
    return head + _totals(cases, outcomes) + "".join(_sections(cases, outcomes))


def drift(page: str, cases: Iterable[Case]) -> list[str]:
    """How the page differs from the cases, apart from what only a run can tell."""
    _, _, sections = page.partition("\n## ")
    lines = (line for line in sections.splitlines() if line.startswith("| "))
    rows = {_told(line): line for line in lines if not line.startswith(("| ---", _HEAD_ROW))}
    wanted = {_told(_row(case, [AGREES])): case for case in cases}
    gone = [f"is no longer so: {line}" for told, line in rows.items() if told not in wanted]
    return gone + [f"is not there: {case.file}, {case.title}" for told, case in wanted.items() if told not in rows]


def _told(row: str) -> tuple[str, str, str]:
    """What a row says apart from the outcomes."""
    behaviour, page, *_, differences = row[2:-2].split(" | ")
    return behaviour, page, differences


def _totals(cases: list[Case], outcomes: Outcomes) -> str:
    lines = [f"| | {' | '.join(target.title for target in TARGETS)} |", f"| --- |{' --- |' * len(TARGETS)}"]
    cells = {target: [_cell(case, target, outcomes) for case in cases] for target in TARGETS}
    for told, counts in (
        ("cases that agree", {target: cells[target].count(AGREES) for target in TARGETS}),
        ("differ", {target: sum(cell not in (AGREES, NOT_OFFERED) for cell in cells[target]) for target in TARGETS}),
        ("not offered", {target: cells[target].count(NOT_OFFERED) for target in TARGETS}),
    ):
        lines.append(f"| {told} | {' | '.join(str(counts[target]) for target in TARGETS)} |")
    return "\n".join(lines) + "\n"


def _sections(cases: list[Case], outcomes: Outcomes) -> Iterable[str]:
    for (file, group), section in groupby(cases, key=lambda case: (case.file, case.group)):
        rows = list(section)
        columns = [target for target in TARGETS if any(target in offering(case.services) for case in rows)]
        titles = " | ".join(target.title for target in columns)
        yield (
            f"\n## {_title(file, group)}\n\n[tests/contract/{file}.py](../tests/contract/{file}.py)\n\n"
            f"{_HEAD_ROW} | AWS's page | {titles} | who differs, and how |\n"
            f"| --- | --- |{' :-: |' * len(columns)} --- |\n"
        )
        for case in rows:
            yield _row(case, [_cell(case, target, outcomes) for target in columns]) + "\n"


def _title(file: str, group: str) -> str:
    stem = file.removeprefix("test_")
    service = next(service for service in SERVICES if stem == service or stem.startswith(f"{service}_"))
    about = group.removeprefix("Test") or _words(stem.removeprefix(service).removeprefix("_").replace("_", " "))
    return f"{TITLES[service]}: {about}" if about else TITLES[service]


def _words(text: str) -> str:
    """With names as people write them."""
    return " ".join(_NAMES.get(word, word) for word in text.split(" "))


def _cell(case: Case, target: Target, outcomes: Outcomes) -> str:
    if target not in offering(case.services) or _lacks(case, target.name):
        return NOT_OFFERED
    agreed, runs = outcomes[case.file, case.group, case.name, target.name]
    return AGREES if agreed == runs else f"{agreed} of {runs}" if agreed else DIFFERS


def _lacks(case: Case, target: str) -> bool:
    """Whether the reason for a difference is that an operation is not there at all."""
    lacked = (_NO_OPERATION.match(reason) for reason in case.deviations.get(target, ()))
    return any(found and found[1] in input_shapes(service) for found in lacked for service in case.services)


def _row(case: Case, cells: list[str]) -> str:
    behaviour = _words(case.title)
    pages = ", ".join(f"[{text}]({url})" if url else text for text, url in case.pages)
    titles = {target.name: target.title for target in TARGETS}
    differences = "; ".join(
        f"{titles[name]}: {', '.join(case.deviations[name])}" for name in titles if name in case.deviations
    )
    return f"| {behaviour[0].upper()}{behaviour[1:]} | {pages} | {' | '.join(cells)} | {differences} |"
