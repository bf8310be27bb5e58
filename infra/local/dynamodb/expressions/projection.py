"""Projections: the parts of an item that a list of paths names, in the item's own shape."""

from dataclasses import dataclass, field

from infra.local.dynamodb.attributes import AttributeValue, Item
from infra.local.dynamodb.expressions.scope import Steps

#: The next steps of several paths; an empty one means "from here on, everything".
Tree = dict[str | int, "Tree"]


@dataclass(frozen=True, slots=True)
class Projector:
    """Paths that do not overlap, ready to be cut out of items."""

    paths: tuple[Steps, ...]
    _tree: Tree = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tree: Tree = {}
        for steps in self.paths:
            node = tree
            for step in steps:
                node = node.setdefault(step, {})
        object.__setattr__(self, "_tree", tree)

    @property
    def attributes(self) -> frozenset[str]:
        """The top-level attributes of which something is wanted."""
        return frozenset(str(steps[0]) for steps in self.paths)

    def cut(self, item: Item) -> Item:
        """What of `item` the paths name; absent parts are left out. It shares values with `item`."""
        projected: Item = {}
        for name, below in self._tree.items():
            value = item.get(str(name))
            part = None if value is None else _cut_value(value, below)
            if part is not None:
                projected[str(name)] = part
        return projected


def _cut_value(value: AttributeValue, tree: Tree) -> AttributeValue | None:
    if not tree:
        return value
    ((kind, content),) = value.items()
    if kind == "M":
        entries = {}
        for name, below in tree.items():
            if isinstance(name, str) and name in content:
                part = _cut_value(content[name], below)
                if part is not None:
                    entries[name] = part
        return {"M": entries} if entries else None
    if kind == "L":
        elements = []
        for index in sorted(step for step in tree if isinstance(step, int) and step < len(content)):
            part = _cut_value(content[index], tree[index])
            if part is not None:
                elements.append(part)
        return {"L": elements} if elements else None
    return None
