"""The costs that docs/workers.md shows are those of the model, and the model says what it claims to."""

from __future__ import annotations

import dataclasses

import pytest

from infra.deploy.cost import workers
from infra.deploy.cost.workers import Load, crossover, fargate_month, lambda_month, processors, table
from tests.cli.house import CHECKOUT

PAGE = (CHECKOUT / "docs" / "workers.md").read_text(encoding="utf-8")


def test_the_page_shows_the_table() -> None:
    assert "\n".join(table()) in PAGE, "run `python -m infra.deploy.cost.workers`"


def test_the_page_names_the_crossover() -> None:
    assert f"{100 * crossover(Load(1, 30)):.0f} % of the time" in PAGE


@pytest.mark.parametrize("seconds", [1.0, 30.0, 600.0])
def test_at_the_crossover_both_cost_the_same(seconds: float) -> None:
    """One task, exactly as busy as that."""
    share = crossover(Load(1, seconds))
    load = Load(share * workers.HOUR / seconds, seconds, target=1.0)
    assert processors(load) == 1
    assert lambda_month(load) == pytest.approx(fargate_month(load))
    busier = dataclasses.replace(load, jobs_an_hour=1.1 * load.jobs_an_hour)
    assert lambda_month(busier) > fargate_month(busier)


def test_the_formula_of_the_page() -> None:
    a_month = 1_000 * 730
    assert lambda_month(Load(1_000, 30)) == pytest.approx(
        a_month * (0.20 / 1_000_000 + 30 * 1_769 / 1_024 * 0.0000133334)
    )
    assert fargate_month(Load(1_000, 30)) == pytest.approx(12 * (730 * (0.03238 + 2 * 0.00356) + 0.26), rel=1e-3)
