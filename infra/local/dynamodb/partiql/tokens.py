"""The words of a statement, each with its place; comments are space.

A text that does not even fall into words (a `#`, a quote or a comment left open, a number beyond Java's
decimals) is refused without a reason, as AWS does.
"""

import re
from dataclasses import dataclass

from infra.local.dynamodb.partiql.errors import malformed
from infra.local.dynamodb.partiql.keywords import KEYWORDS

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)
  | (?P<word>[^\W\d][\w$]*|\$[\w$]*)
  | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<string>'(?:[^']|'')*')
  | (?P<name>"(?:[^"]|"")*")
  | (?P<parameter>\?)
  | (?P<mark><<|>>|<>|<=|>=|!=|\|\||[=<>(){}\[\],.:;*+\-%@~]|/(?!\*))
    """,
    re.VERBOSE,
)
#: An exponent, and the digits after the point less the exponent, fit in 32 bits (Java's BigDecimal).
_DECIMAL_SCALE = range(-(2**31), 2**31)
#: Digits of an exponent that could ever be in that range.
_EXPONENT_DIGITS = 12

END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    #: word, keyword, number, string, name (a word in double quotes), parameter, mark, or end.
    kind: str
    #: A keyword is in lower case, a string and a name are without their quotes.
    text: str
    #: `line:column:length`, counted from 1, as AWS's messages give it.
    place: str


def tokenize(text: str) -> list[Token]:
    """The tokens of a statement, closed by an end token; a closing semicolon is a token as any other."""
    tokens: list[Token] = []
    start, length = 0, len(text)
    line, line_start = 1, 0
    while start < length:
        match = _TOKEN.match(text, start)
        if match is None:
            raise malformed()
        kind, content = match.lastgroup, match[0]
        assert kind is not None
        if kind != "space":
            tokens.append(_token(kind, content, f"{line}:{start - line_start + 1}:{len(content)}"))
        if "\n" in content:
            line += content.count("\n")
            line_start = start + content.rindex("\n") + 1
        start = match.end()
    tokens.append(Token(END, "", f"{line}:{length - line_start + 1}:0"))
    return tokens


def _token(kind: str, content: str, place: str) -> Token:
    if kind == "word":
        lowered = content.lower()
        return Token("keyword", lowered, place) if lowered in KEYWORDS else Token("word", content, place)
    if kind == "string":
        return Token(kind, content[1:-1].replace("''", "'"), place)
    if kind == "name":
        return Token(kind, content[1:-1].replace('""', '"'), place)
    if kind == "number":
        _check_scale(content)
    return Token(kind, content, place)


def _check_scale(number: str) -> None:
    mantissa, _, written = number.lower().partition("e")
    if not written:
        return
    digits = written.lstrip("+-0")
    exponent = int(written) if len(digits) <= _EXPONENT_DIGITS else 2**63
    scale = len(mantissa.partition(".")[2]) - exponent
    if exponent not in _DECIMAL_SCALE or scale not in _DECIMAL_SCALE:
        raise malformed()
