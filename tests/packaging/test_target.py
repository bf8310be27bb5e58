"""What an artifact can be built for."""

from __future__ import annotations

import pytest
import yaml

from infra.deploy.packaging.budget import CORE_ZIPPED, UNZIPPED, over_budget
from infra.deploy.packaging.target import ARCHITECTURE, PYTHON, Target, here
from queues.errors import InvalidOption
from tests.cli.house import CHECKOUT


def test_pip_is_asked_for_wheels_that_amazon_linux_2023_runs() -> None:
    arguments = Target("3.13", "arm64").pip_arguments
    assert arguments[:4] == ["--implementation", "cp", "--python-version", "3.13"]
    platforms = arguments[5::2]
    assert platforms[0] == "manylinux_2_34_aarch64"
    assert {"manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"} <= set(platforms)
    assert "manylinux_2_35_aarch64" not in platforms
    assert here().pip_arguments == []


@pytest.mark.parametrize(("python", "architecture"), [("3.11", "arm64"), ("3", "arm64"), ("3.13", "aarch64")])
def test_what_lambda_does_not_run_is_refused(python: str, architecture: str) -> None:
    with pytest.raises(InvalidOption, match="is not possible: "):
        Target(python, architecture)


def test_the_template_deploys_what_is_built() -> None:
    template = yaml.safe_load((CHECKOUT / "serverless.yml").read_text())
    assert template["provider"]["runtime"] == f"python{PYTHON}"
    assert template["params"]["default"]["architecture"] == ARCHITECTURE


def test_an_artifact_may_be_as_large_as_its_budget() -> None:
    assert over_budget(CORE_ZIPPED, UNZIPPED, has_extras=False) is None
    assert over_budget(2 * CORE_ZIPPED, UNZIPPED, has_extras=True) is None
    assert "bytes zipped, over our 30,000,000" in str(over_budget(CORE_ZIPPED + 1, UNZIPPED, has_extras=False))
    assert "over the 262,144,000 that Lambda takes" in str(over_budget(1, UNZIPPED + 1, has_extras=True))
