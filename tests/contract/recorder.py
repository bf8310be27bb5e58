"""`pytest tests/contract --fidelity FILE`: what a run of the whole suite has seen becomes docs/fidelity.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator
from importlib.metadata import version
from pathlib import Path

import pytest

from benchmarks.frame.install import PEERS
from infra.deploy.local_stack.ministack import WANTED as MINISTACK
from tests.contract.cases import all_cases
from tests.contract.fidelity import Outcome, render

#: (file, class, function, target).
Run = tuple[str, str, str, str]


class Recorder:
    """Counts outcomes while the suite runs; writes the page if every case ran and ended as it should."""

    def __init__(self, page: Path):
        self._page = page
        self._runs: Counter[Run] = Counter()
        self._agreed: Counter[Run] = Counter()
        self._spoilt: dict[str, None] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        expected = hasattr(report, "wasxfail")
        if report.failed:
            self._spoilt[f"{item.nodeid} failed"] = None
        elif report.skipped and not expected:
            self._spoilt[f"{item.nodeid} did not run: {report.longreprtext}"] = None
        elif report.when == "call" or (report.when == "setup" and report.skipped):
            run = _run_of(item)
            self._runs[run] += 1
            self._agreed[run] += report.passed
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._spoilt:
            for reason in self._spoilt:
                terminalreporter.write_line(reason)
            terminalreporter.write_line(f"{self._page} is as it was")
            return
        outcomes: dict[Run, Outcome] = {run: (self._agreed[run], count) for run, count in self._runs.items()}
        self._page.write_text(render(all_cases(), outcomes, _versions()), encoding="utf-8")
        terminalreporter.write_line(f"{self._page} is up to date")


def _run_of(item: pytest.Function) -> Run:
    group = item.cls.__name__ if item.cls is not None else ""
    file = item.module.__name__.rpartition(".")[2]
    return file, group, item.originalname, str(item.callspec.params["target"])


def _versions() -> dict[str, str]:
    """Of the emulators, by target: what pip has installed, and what Maven is told to."""
    java = {
        name.replace("-", "_"): re.findall(r"<version>(.*)</version>", (PEERS / name / "pom.xml").read_text())[-1]
        for name in ("dynamodb-local", "elasticmq")
    }
    pinned = re.findall(r"^ministack==(.*)$", MINISTACK.read_text(), re.MULTILINE)
    return java | {"moto": version("moto"), "ministack": pinned[0]}
