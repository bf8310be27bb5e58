"""All rules on one snapshot: the findings, grouped by subject, the worst first in each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from infra.doctor.finding import Finding, Rule, Severity, Subject
from infra.doctor.rules import RULES
from infra.doctor.snapshot import Snapshot

SUBJECTS, SEVERITIES = list(Subject), list(Severity)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found in a snapshot."""

    snapshot: Snapshot
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """Findings of that severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def sound(self) -> bool:
        """Whether there is nothing worse than a note."""
        return all(finding.severity is Severity.NOTE for finding in self.findings)


def diagnose(snapshot: Snapshot, rules: Iterable[Rule] = RULES) -> Diagnosis:
    """Applies all rules."""
    findings = [
        Finding(rule.id, rule.severity, rule.subject, fault.resource, fault.found, rule.why, fault.cure)
        for rule in rules
        for fault in rule.check(snapshot)
    ]
    findings.sort(key=lambda one: (SUBJECTS.index(one.subject), SEVERITIES.index(one.severity)))
    return Diagnosis(snapshot, tuple(findings))
