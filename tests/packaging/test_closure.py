"""Which packages an artifact needs: as pip would find, on the target's Python and not on this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.deploy.packaging.closure import closure, installed_requirements
from infra.deploy.packaging.target import Target
from queues.errors import Misconfigured

#: What each package of these tests requires.
WORLD = {
    "web": ["base>=2", "old-python ; python_version < '3.12'", "Fast_Json[simd] ; extra == 'fast'"],
    "base": ["web"],
    "old-python": [],
    "fast-json": ["simd ; extra == 'simd'", "arm ; platform_machine == 'aarch64'"],
    "simd": ["crypto"],
    "arm": [],
    "crypto": ["cffi"],
    "cffi": [],
}
PINS = {canonicalize_name(name): "1.0" for name in WORLD}


def needed(*roots: str, world: Mapping[str, Sequence[str]] = WORLD, left_out: frozenset[str] = frozenset()) -> set[str]:
    markers = Target("3.13", "arm64").markers
    found = closure(
        map(Requirement, roots), PINS, markers, left_out, lambda name, _: map(Requirement, world.get(name, ()))
    )
    assert list(found) == sorted(found)
    return set(found)


def test_all_that_is_required_in_turn_even_in_a_circle() -> None:
    assert needed("web") == {"web", "base"}


def test_what_only_an_older_python_requires_stays_away() -> None:
    assert "old-python" not in needed("web")


def test_extras_bring_what_they_ask_for_under_any_spelling() -> None:
    assert needed("web[fast]") == {"web", "base", "fast-json", "simd", "arm", "crypto", "cffi"}


def test_a_package_asked_for_with_and_without_its_extra_has_it() -> None:
    assert "simd" in needed("fast-json", "fast-json[simd]")
    assert "simd" in needed("fast-json[simd]", "fast-json")


def test_what_is_left_out_takes_along_what_only_it_requires() -> None:
    assert needed("simd", left_out=frozenset({"crypto"})) == {"simd"}


def test_a_package_that_is_not_pinned_is_named_with_the_one_that_wants_it() -> None:
    with pytest.raises(
        Misconfigured, match=r"requirements\.lock does not pin missing, which base requires; .*make lock"
    ):
        needed("base", world={"base": ["missing"]})


def test_installed_packages_tell_what_they_require() -> None:
    version = metadata.version("boto3")
    assert "botocore" in {requirement.name for requirement in installed_requirements("boto3", version)}


def test_an_environment_that_does_not_follow_the_lock_is_told_apart() -> None:
    with pytest.raises(Misconfigured, match=r"boto3 .* is installed here, but requirements\.lock pins 0\.1"):
        installed_requirements("boto3", "0.1")
    with pytest.raises(Misconfigured, match="no-such-package is not installed here"):
        installed_requirements("no-such-package", "1.0")
