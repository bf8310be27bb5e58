"""How large an artifact may be."""

from __future__ import annotations

#: Bytes of an artifact without extras, zipped: Lambda fetches and unpacks it at a cold start. Our own rule.
CORE_ZIPPED = 30_000_000
#: Bytes of a function's code and layers, unzipped. (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)
UNZIPPED = 262_144_000


def over_budget(zipped: int, unzipped: int, has_extras: bool) -> str | None:
    """What is too large about an artifact, as a sentence; None if nothing is."""
    if unzipped > UNZIPPED:
        return (
            f"{unzipped:,} bytes unzipped, over the {UNZIPPED:,} that Lambda takes: give its job types fewer extras, "
            "or run them with `jobyard work`"
        )
    if not has_extras and zipped > CORE_ZIPPED:
        return (
            f"{zipped:,} bytes zipped, over our {CORE_ZIPPED:,}: move what single job types need from the project's "
            "dependencies to extras"
        )
    return None
