"""Hypothesis strategies for DynamoDB's values and items."""

from typing import Any

from hypothesis import strategies as st

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.one_of(
    st.integers(-100, 100).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6).map(
        lambda number: format(number, "f")
    ),
)
BINARIES = st.binary(max_size=8)


def unique_by_value(texts: list[str]) -> list[str]:
    from infra.local.dynamodb.numbers import canonical

    return list({canonical(text): text for text in texts}.values())


SCALARS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    TEXTS.map(lambda text: {"S": text}),
    NUMBERS.map(lambda number: {"N": number}),
    BINARIES.map(lambda binary: {"B": binary}),
    st.booleans().map(lambda boolean: {"BOOL": boolean}),
    st.just({"NULL": True}),
)
SETS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.lists(TEXTS.filter(bool), min_size=1, max_size=4, unique=True).map(lambda members: {"SS": members}),
    st.lists(NUMBERS, min_size=1, max_size=4).map(unique_by_value).map(lambda members: {"NS": members}),
    st.lists(BINARIES.filter(bool), min_size=1, max_size=4, unique=True).map(lambda members: {"BS": members}),
)
VALUES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    SCALARS | SETS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda elements: {"L": elements}),
        st.dictionaries(TEXTS, inner, max_size=3).map(lambda entries: {"M": entries}),
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(TEXTS.filter(bool), VALUES, max_size=5)
