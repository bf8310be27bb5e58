"""Literals and parameters as DynamoDB's values: `{'a': [1, ?]}` becomes `{"M": {"a": {"L": [{"N": "1"}, ...]}}}`.

A value without parameters is made once, when its statement is prepared; one with parameters is made for each
call. Numbers are refused with the place inside the value, `under root.x[1]`, as AWS writes it.
"""

from infra.local.dynamodb.attributes import AttributeValue, canonical_value
from infra.local.dynamodb.errors import IllegalValue, invalid
from infra.local.dynamodb.expressions.scope import Values
from infra.local.dynamodb.numbers import canonical
from infra.local.dynamodb.partiql.syntax import Call, Collection, Parameter, Path, Scalar, Struct, Term
from infra.local.errors import AwsError

#: The type of a set, by the type of its members.
_SETS = {"S": "SS", "N": "NS", "B": "BS"}


def placeholder(number: int) -> str:
    """The name of a parameter in the values of a call."""
    return f":{number}"


def has_parameters(term: Term) -> bool:
    if isinstance(term, Collection):
        return any(map(has_parameters, term.parts))
    if isinstance(term, Struct):
        return any(has_parameters(value) for _, value in term.entries)
    return isinstance(term, Parameter)


def made(term: Term, values: Values) -> AttributeValue:
    """The value that a literal writes, legal and canonical; `values` holds the parameters."""
    try:
        return canonical_value(build(term, values))
    except IllegalValue as error:
        raise invalid(error.older) from None


def build(term: Term, values: Values, under: str = "root") -> AttributeValue:
    """As `made`, but not yet checked: sets may repeat themselves, and lists be too deep."""
    if isinstance(term, Parameter):
        return values[placeholder(term.number)]
    if isinstance(term, Scalar):
        return _scalar(term, under)
    if isinstance(term, Collection):
        if term.type == "BAG":
            return _set([build(part, values, f"{under}[{at}]") for at, part in enumerate(term.parts)])
        return {"L": [build(part, values, f"{under}[{at}]") for at, part in enumerate(term.parts)]}
    if isinstance(term, Struct):
        return {"M": {name: build(part, values, f"{under}.{name}") for name, part in named(term)}}
    raise unsupported(term)


def named(struct: Struct) -> list[tuple[str, Term]]:
    """The entries of a map, whose names must be plain strings."""
    entries: list[tuple[str, Term]] = []
    for name, value in struct.entries:
        if not isinstance(name, Scalar) or name.type != "S":
            raise invalid(f"Keys of a map must be strings at {name.place}")
        entries.append((str(name.content), value))
    return entries


def unsupported(term: Term) -> AwsError:
    """The refusal of what is no value where a value must be."""
    kind = term.function.lower() if isinstance(term, Call) else term.steps[0] if isinstance(term, Path) else "operator"
    return invalid(f"Unsupported data type: {kind} under key root at {term.place}")


def _scalar(term: Scalar, under: str) -> AttributeValue:
    if term.type == "MISSING":
        raise invalid(f"Unsupported data type: MISSING under key {under} at {term.place}")
    if term.type != "N":
        return {term.type: term.content}
    try:
        return {"N": canonical(str(term.content))}
    except AwsError as error:
        raise invalid(f"{error.message} under {under}") from None


def _set(members: list[AttributeValue]) -> AttributeValue:
    if not members:
        raise invalid("Empty bags are not supported")
    kinds = {kind for member in members for kind in member}
    kind = kinds.pop()
    if kinds or kind not in _SETS:
        raise invalid("Bags must contain values of one type: string, number or binary")
    return {_SETS[kind]: [member[kind] for member in members]}
