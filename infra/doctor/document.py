"""A diagnosis as the JSON document of `jobyard doctor --json`; docs/doctor.md tells what is in it."""

from __future__ import annotations

from typing import Any

from infra.doctor.diagnosis import Diagnosis
from infra.doctor.finding import Severity
from infra.doctor.rules import RULES


def document(diagnosis: Diagnosis) -> dict[str, Any]:
    """Plain data, in camelCase. Nothing secret is in it, as nothing secret is in a snapshot."""
    snapshot = diagnosis.snapshot
    target = snapshot.target
    return {
        "target": {
            "kind": target.kind.lower(),
            "endpoint": target.endpoint,
            "region": target.region,
            "account": target.account,
            "identity": target.identity,
            "prefix": snapshot.settings.prefix,
        },
        "versions": dict(snapshot.versions),
        "types": [one.name for one in snapshot.types],
        "rules": len(RULES),
        "findings": [
            {
                "rule": one.rule,
                "severity": one.severity,
                "subject": one.subject,
                "resource": one.resource,
                "found": one.found,
                "why": one.why,
                "cure": one.cure,
            }
            for one in diagnosis.findings
        ],
        "notChecked": [{"what": one.what, "why": one.why} for one in snapshot.unread],
        "summary": {
            "errors": diagnosis.count(Severity.ERROR),
            "warnings": diagnosis.count(Severity.WARNING),
            "notes": diagnosis.count(Severity.NOTE),
            "notChecked": len(snapshot.unread),
        },
    }
