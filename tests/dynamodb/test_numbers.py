"""Numbers: every value has one text, and bytes that sort as the values do."""

from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.dynamodb.numbers import added, canonical, encoded, less, negated, number_size
from infra.local.errors import AwsError
from tests.dynamodb.conftest import refusal_of

#: Every number that DynamoDB can hold.
LEGAL = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent - len(str(digits)) + 1)),
    st.sampled_from([0, 1]),
    st.integers(0, 10**38 - 1),
    st.integers(-130, 125),
)
EXACT = Context(prec=400)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0.000", "0"),
        ("0e125", "0"),
        ("00012", "12"),
        ("+12", "12"),
        ("-7", "-7"),
        ("1.50", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1E+2", "100"),
        ("1.2e-3", "0.0012"),
        ("100", "100"),
        ("1" + "0" * 100, "1" + "0" * 100),
        ("1e125", "1" + "0" * 125),
        ("9" * 38 + "e88", "9" * 38 + "0" * 88),
        ("1e-130", "0." + "0" * 129 + "1"),
        ("1e" + "0" * 40 + "3", "1000"),
    ],
)
def test_a_number_has_one_text(written: str, kept: str) -> None:
    assert canonical(written) == kept
    assert canonical(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1 ",
        "1e99999999999999999999",
        "0e-99999999999999999999",
        "abc",
        "1e",
        "e5",
        ".",
        "-",
        "+-1",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "-inf",
        "1,5",
        "٣",
        "²",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(AwsError, match="cannot be converted to a numeric value"):
        canonical(text)


@pytest.mark.parametrize("text", ["1e126", "-1e126", "1e999999999", "123e124", "0e126"])
def test_a_number_too_large_is_refused(text: str) -> None:
    with pytest.raises(AwsError, match="Number overflow"):
        canonical(text)


@pytest.mark.parametrize("text", ["1e-131", "-1e-131", "1e-999999999", "0.1e-130", "0e-131"])
def test_a_number_too_small_is_refused(text: str) -> None:
    with pytest.raises(AwsError, match="Number underflow"):
        canonical(text)


@pytest.mark.parametrize("text", ["1" * 39, "0." + "1" * 39, "1" * 20 + "." + "1" * 19])
def test_more_than_38_digits_are_refused(text: str) -> None:
    with pytest.raises(AwsError, match="more than 38 significant digits"):
        canonical(text)


def test_38_digits_are_kept_exactly() -> None:
    for text in ("1" * 38, "0." + "1" * 38, "1" * 20 + "." + "1" * 18, "-" + "9" * 38):
        assert canonical(text) == text


@given(LEGAL)
def test_every_spelling_of_a_number_becomes_the_same_text(number: Decimal) -> None:
    plain = canonical(format(number, "f"))
    assert canonical(format(number, "E")) == plain
    assert Decimal(plain) == number
    assert canonical(plain) == plain


@given(LEGAL, LEGAL)
def test_bytes_sort_as_numbers_do(one: Decimal, two: Decimal) -> None:
    left, right = canonical(format(one, "f")), canonical(format(two, "f"))
    assert (encoded(left) < encoded(right)) == (one < two)
    assert (encoded(left) == encoded(right)) == (one == two)
    assert less(left, right) == (one < two)


def test_bytes_sort_as_numbers_do_around_every_power_of_ten() -> None:
    numbers = {Decimal(0)}
    for exponent in range(-130, 126):
        for digits in ("1", "1.0000000001", "2", "9", "9.9", "9." + "9" * 37):
            numbers |= {Decimal(f"{digits}E{exponent}"), Decimal(f"-{digits}E{exponent}")}
    ordered = sorted(numbers)
    keys = [encoded(canonical(format(number, "f"))) for number in ordered]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@given(LEGAL, LEGAL)
def test_sums_are_exact_or_refused(one: Decimal, two: Decimal) -> None:
    left, right = canonical(format(one, "f")), canonical(format(two, "f"))
    exact = EXACT.add(one, two)
    digits = EXACT.normalize(exact).as_tuple().digits
    if len(digits) > 38 or abs(exact) >= Decimal("1e126"):
        assert refusal_of(lambda: added(left, right)) is not None
    else:
        assert Decimal(added(left, right)) == exact


@pytest.mark.parametrize(("number", "negative"), [("0", "0"), ("5", "-5"), ("-0.5", "0.5")])
def test_negation(number: str, negative: str) -> None:
    assert negated(number) == negative


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ("0", 1),
        ("1", 2),
        ("12", 2),
        ("123", 3),
        ("-123", 4),
        ("1000", 2),
        ("0.001", 2),
        ("1.5", 3),
        ("123.45", 4),
        ("-0.05", 3),
    ],
)
def test_size_is_a_byte_for_two_digits_of_each_side_and_one_more(number: str, size: int) -> None:
    assert number_size(number) == size
