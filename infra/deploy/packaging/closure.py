"""Which pinned packages a set of requirements comes to, with all that they require in turn. Pure.

pip could find out too, but it asks the markers of the Python that it runs on, not of the one that is built for, and it
would search where all versions are pinned already.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from infra.deploy.packaging.project import LOCK
from queues.errors import Misconfigured

#: What a package requires, by its name and version.
RequiredBy = Callable[[str, str], Iterable[Requirement]]


def closure(
    roots: Iterable[Requirement],
    pins: Mapping[NormalizedName, str],
    markers: Mapping[str, str],
    left_out: Collection[str],
    required_by: RequiredBy,
) -> dict[NormalizedName, str]:
    """Package name -> version, by name; Misconfigured if one is not pinned.

    `markers` is what requirements' conditions are held against. `left_out` are names that are passed over.
    """
    found: dict[NormalizedName, str] = {}
    seen: set[tuple[NormalizedName, str]] = set()
    waiting = [(root, "pyproject.toml") for root in roots if _applies(root, markers)]
    while waiting:
        requirement, source = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in left_out:
            continue
        version = pins.get(name)
        if version is None:
            raise Misconfigured(f"{LOCK} does not pin {name}, which {source} requires; run `make lock`")
        found[name] = version
        # The package itself, and each extra that is asked of it: `PyJWT[crypto]`.
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            waiting += [
                (inner, name) for inner in required_by(name, version) if _applies(inner, {**markers, "extra": extra})
            ]
    return dict(sorted(found.items()))


def _applies(requirement: Requirement, markers: Mapping[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": "", **markers})


def installed_requirements(name: str, version: str) -> list[Requirement]:
    """What an installed package requires; Misconfigured if it is not installed in that version."""
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        raise Misconfigured(f"{name} is not installed here; run `pip install -r {LOCK}`, or `make test` once") from None
    if installed.version != version:
        raise Misconfigured(
            f"{name} {installed.version} is installed here, but {LOCK} pins {version}; run `pip install -r {LOCK}`"
        )
    return [Requirement(line) for line in installed.requires or ()]
