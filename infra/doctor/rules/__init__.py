"""All rules, in the order in which they are reported. docs/doctor.md lists the same."""

from __future__ import annotations

from infra.doctor.finding import Rule
from infra.doctor.rules import dead_letters, functions, machine, permissions, queues, schedules, table

RULES: tuple[Rule, ...] = (
    *queues.RULES,
    *dead_letters.RULES,
    *functions.RULES,
    *table.RULES,
    *schedules.RULES,
    *permissions.RULES,
    *machine.RULES,
)
