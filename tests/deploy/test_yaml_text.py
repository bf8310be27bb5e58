"""What is written is what is read, by both kinds of reader, and it looks like something that a person wrote."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.deploy.yaml_text import WIDTH, to_yaml

#: All that YAML can hold, line ends but \n left out: they are not ours, and YAML folds them.
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\x85\u2028\u2029")).filter(
    lambda text: "\n" not in text
)
SCALARS = st.one_of(TEXTS, st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False, width=16))
VALUES = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)), max_leaves=20)


@given(st.dictionaries(TEXTS, VALUES))
def test_what_is_written_is_what_is_read(value: dict[str, Any]) -> None:
    assert (yaml.safe_load(to_yaml(value)) or {}) == value


@pytest.mark.parametrize(
    "word",
    [
        "yes",
        "no",
        "on",
        "off",
        "y",
        "N",
        "true",
        "null",
        "~",
        "",
        "1",
        "1.5",
        "1e3",
        "=",
        "- a",
        "a: b",
        "a #b",
        "12:30:45",
        "0x1f",
        "2012-10-17",
        "*",
        "&a",
        "!b",
        "${self:custom.prefix}-x",
        "a{b}",
        "[a]",
        "'",
        '"',
        "a\tb",
        "\x7f",
        ".5",
        "Ä",
        "😀",
    ],
)
def test_words_that_yaml_might_take_for_something_else_stay_strings(word: str) -> None:
    text = to_yaml({"key": word, "list": [word], "of": [{"a": word}, {word: 1}]})
    assert yaml.safe_load(text) == {"key": word, "list": [word], "of": [{"a": word}, {word: 1}]}


def test_it_reads_like_a_template() -> None:
    value = {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": "${self:custom.prefix}-hello",
            "Arn": {"Fn::GetAtt": ["Hello", "Arn"]},
            "Numbers": [1, 2.5, True],
            "None": [],
            "Nothing": {},
            "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": {"Ref": "Hello"}}],
            "Body": '{"a":\n1}',
        },
    }
    assert to_yaml(value, "A head.\nOf two lines.") == (
        "# A head.\n"
        "# Of two lines.\n"
        "Type: AWS::SQS::Queue\n"
        "Properties:\n"
        '  QueueName: "${self:custom.prefix}-hello"\n'
        "  Arn: {Fn::GetAtt: [Hello, Arn]}\n"
        "  Numbers: [1, 2.5, true]\n"
        "  None: []\n"
        "  Nothing: {}\n"
        "  Statement:\n"
        "    - Effect: Allow\n"
        "      Action: [sqs:SendMessage]\n"
        "      Resource: {Ref: Hello}\n"
        "  Body: |-\n"
        '    {"a":\n'
        "    1}\n"
    )


def test_long_lists_are_broken_up() -> None:
    actions = [f"dynamodb:Operation{number}" for number in range(20)]
    text = to_yaml({"Action": actions})
    assert max(map(len, text.splitlines())) <= WIDTH
    assert yaml.safe_load(text) == {"Action": actions}
