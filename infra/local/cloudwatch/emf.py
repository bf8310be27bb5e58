"""CloudWatch's Embedded Metric Format: a line of JSON that a function prints and that is data for metrics.

```python
data = emf_metrics(line)                       # [] for any other line
if data:
    record(request, region, data)              # from put_metric_data.py, inside an operation
```

Source: "Specification: Embedded metric format". A line that breaks the specification is taken as far as it holds:
what is wrong in it is left out, as CloudWatch does, since nobody waits for an answer.
"""

import math
from collections.abc import Iterator
from typing import Any

import orjson

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.datum import summed
from infra.local.cloudwatch.metric import Dimensions, Metric
from infra.local.cloudwatch.points import Datum
from infra.local.cloudwatch.units import DEFAULT_UNIT, NUMBERS

#: Metrics of one directive, and values of one metric ("Specification: Embedded metric format").
MAX_METRICS, MAX_VALUES = 100, 100


def emf_metrics(line: str) -> list[Datum]:
    """The data in a line of output, its metrics without a region; cheap for lines that hold none."""
    if '"_aws"' not in line or not line.lstrip().startswith("{"):
        return []
    try:
        root = orjson.loads(line)
    except orjson.JSONDecodeError:
        return []
    metadata = root.get("_aws")
    if not isinstance(metadata, dict) or not _is_number(metadata.get("Timestamp")):
        return []
    at = int(metadata["Timestamp"]) // 1000
    directives = metadata.get("CloudWatchMetrics")
    if not isinstance(directives, list):
        return []
    return [datum for directive in directives if isinstance(directive, dict) for datum in _data(root, directive, at)]


def _data(root: dict[str, Any], directive: dict[str, Any], at: int) -> Iterator[Datum]:
    namespace, metrics = directive.get("Namespace"), directive.get("Metrics")
    if (
        not isinstance(namespace, str)
        or not 1 <= len(namespace) <= limits.MAX_NAMESPACE
        or not isinstance(metrics, list)
    ):
        return
    # Without sets there are no dimensions; a set that names what the line does not hold is left out.
    sets = directive.get("Dimensions", [[]])
    found = [_dimensions(root, names) for names in sets] if isinstance(sets, list) else []
    for definition in metrics[:MAX_METRICS]:
        if not isinstance(definition, dict) or not isinstance(definition.get("Name"), str):
            continue
        name = definition["Name"]
        values = _values(root.get(name))
        if not values or not 1 <= len(name) <= limits.MAX_NAME:
            continue
        unit = definition.get("Unit", DEFAULT_UNIT)
        resolution = 1 if definition.get("StorageResolution") == 1 else 60
        summary = summed([(value, 1.0) for value in values])
        for dimensions in found:
            if dimensions is not None:
                unit = unit if isinstance(unit, str) and unit in NUMBERS else DEFAULT_UNIT
                yield Datum(Metric("", namespace, name, dimensions), at, unit, summary, resolution)


def _dimensions(root: dict[str, Any], names: object) -> Dimensions | None:
    if not isinstance(names, list) or len(names) > limits.MAX_DIMENSIONS:
        return None
    pairs: list[tuple[str, str]] = []
    for name in names:
        value = root.get(name) if isinstance(name, str) else None
        if not isinstance(value, str) or not 1 <= len(value) <= limits.MAX_DIMENSION_VALUE:
            return None
        pairs.append((name, value))
    return tuple(sorted(pairs))


def _values(value: object) -> list[float]:
    """A number or an array of up to 100 numbers; [] for anything else."""
    values: list[Any] = value if isinstance(value, list) else [value]
    if len(values) > MAX_VALUES or not all(_is_number(each) and abs(each) <= limits.MAX_VALUE for each in values):
        return []
    return [float(each) for each in values]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
