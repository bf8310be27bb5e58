"""Event filtering: which records of a queue a mapping hands to its function. What matches no filter is deleted unseen.

Source: AWS Lambda Developer Guide, "Control which events Lambda sends to your function" and "Using event filtering with
an Amazon SQS event source". A pattern names members of the record; its leaves are lists of what a value may be: plain
values, or rules such as `{"prefix": "us-"}`. A pattern for `body` that is an object asks for a body of JSON, and one
that is a list asks for a body that is plain text.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from typing import Any

from infra.local.errors import AwsError
from infra.local.lambda_.errors import invalid_parameter
from infra.local.lambda_.limits import MAX_FILTERS

#: Answers whether a value is as a pattern wants it; MISSING stands for a member that is not there.
Matches = Callable[[Any], bool]

MISSING = object()
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def filter_of(criteria: dict[str, Any] | None) -> Matches | None:
    """What FilterCriteria asks of a record, such as `record_of` makes; None if it asks nothing.

    InvalidParameterValueException for a pattern that cannot be understood.
    """
    filters = (criteria or {}).get("Filters", [])
    if not filters:
        return None
    if len(filters) > MAX_FILTERS:
        raise invalid_parameter(f"A mapping has {MAX_FILTERS} filters at the most; {len(filters)} were given.")
    patterns = [_pattern(one.get("Pattern", "")) for one in filters]
    return lambda record: any(matches(record) for matches in patterns)


def _invalid() -> AwsError:
    return invalid_parameter("Invalid filter pattern definition.")


def _pattern(text: str) -> Matches:
    try:
        pattern = json.loads(text)
    except ValueError:
        raise _invalid() from None
    if not isinstance(pattern, dict) or not pattern:
        raise _invalid()
    body = pattern.get("body", MISSING)
    rest = {name: wanted for name, wanted in pattern.items() if name != "body"}
    record = _object(rest) if rest else None
    text_or_json = _body(body) if body is not MISSING else None
    return lambda value: (record is None or record(value)) and (text_or_json is None or text_or_json(value["body"]))


def _body(wanted: Any) -> Matches:
    """What is wanted of the text of a body."""
    if isinstance(wanted, list):
        plain = _leaf(wanted)
        return lambda body: not isinstance(_parsed(body), dict) and plain(body)
    matches = _object(wanted)
    return lambda body: isinstance(parsed := _parsed(body), dict) and matches(parsed)


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return MISSING


def _object(pattern: Any) -> Matches:
    if not isinstance(pattern, dict) or not pattern:
        raise _invalid()
    members: list[tuple[str, Matches]] = []
    either: list[Matches] = []
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list) and len(wanted) > 1 and all(isinstance(w, dict) for w in wanted):
            either = [_object(choice) for choice in wanted]
        elif isinstance(wanted, list):
            members.append((name, _leaf(wanted)))
        else:
            members.append((name, _object(wanted)))

    def matches(value: Any) -> bool:
        if not isinstance(value, dict):
            # Nothing is inside of it; only `{"exists": false}` is content with that.
            value = {}
        return all(fits(value.get(name, MISSING)) for name, fits in members) and (
            not either or any(choice(value) for choice in either)
        )

    return matches


def _leaf(choices: list[Any]) -> Matches:
    """A value matches if one of the choices does; of a list, one element has to."""
    if not choices:
        raise _invalid()
    rules = [_rule(choice) if isinstance(choice, dict) else _equals(choice) for choice in choices]

    def matches(value: Any) -> bool:
        values = value if isinstance(value, list) else [value]
        return any(rule(item) for rule in rules for item in values)

    return matches


def _equals(wanted: Any) -> Matches:
    if isinstance(wanted, list):
        raise _invalid()
    if wanted is None or isinstance(wanted, bool):
        return lambda value: value is wanted
    return lambda value: type(value) is not bool and value == wanted


def _rule(rule: dict[str, Any]) -> Matches:
    if len(rule) != 1:
        raise _invalid()
    ((name, wanted),) = rule.items()
    make = RULES.get(name)
    if make is None:
        raise _invalid()
    return make(wanted)


def _text(wanted: Any) -> str:
    if not isinstance(wanted, str):
        raise _invalid()
    return wanted


def _prefix(wanted: Any) -> Matches:
    start = _text(wanted)
    return lambda value: isinstance(value, str) and value.startswith(start)


def _suffix(wanted: Any) -> Matches:
    end = _text(wanted)
    return lambda value: isinstance(value, str) and value.endswith(end)


def _ignoring_case(wanted: Any) -> Matches:
    folded = _text(wanted).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _exists(wanted: Any) -> Matches:
    if not isinstance(wanted, bool):
        raise _invalid()
    return lambda value: (value is not MISSING) is wanted


def _anything_but(wanted: Any) -> Matches:
    """Any value that is there and is none of these, or does not keep to the rule."""
    if isinstance(wanted, dict):
        unwanted = _rule(wanted)
    else:
        choices = wanted if isinstance(wanted, list) else [wanted]
        if not choices or not all(type(choice) in (str, int, float) for choice in choices):
            raise _invalid()
        unwanted = _leaf(choices)
    return lambda value: value is not MISSING and not unwanted(value)


def _numeric(wanted: Any) -> Matches:
    """One comparison, or two that make a range: `[">=", 100, "<", 200]`."""
    if not isinstance(wanted, list) or len(wanted) not in (2, 4):
        raise _invalid()
    tests: list[tuple[Callable[[Any, Any], bool], float]] = []
    for sign, number in _pairs(wanted):
        if sign not in COMPARE or type(number) not in (int, float):
            raise _invalid()
        tests.append((COMPARE[sign], number))
    return lambda value: type(value) in (int, float) and all(test(value, number) for test, number in tests)


def _pairs(values: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(zip(values[::2], values[1::2], strict=True))


RULES: dict[str, Callable[[Any], Matches]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignoring_case,
    "exists": _exists,
    "anything-but": _anything_but,
    "numeric": _numeric,
}
