"""Metric math as text: from `100 * errors / FILL(METRICS("m"), 0)` to a tree.

The grammar, loosest first: `||` or OR; `&&` or AND; `== != < <= > >=`; `+ -`; `* /`; a leading `-`; `^`; and numbers,
strings, ids of queries, calls, `[arrays]` and parentheses.
"""

import re
from dataclasses import dataclass


class ExpressionError(Exception):
    """What is wrong with an expression; the message follows AWS's "Error in expression 'e1': "."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of another query, or a word such as REPEAT."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Array:
    items: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Negative:
    operand: "Tree"


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Tree"
    right: "Tree"


Tree = Number | Text | Name | Call | Array | Negative | Binary

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z][A-Za-z0-9_]*)
    | "(?P<double>[^"]*)" | '(?P<single>[^']*)'
    | (?P<sign>\|\||&&|==|!=|<=|>=|[-+*/^<>()\[\],])
    )""",
    re.VERBOSE,
)

#: How tightly each operator binds.
STRENGTH = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/", 5),
    "^": 7,
}
NEGATION = 6
WORDS = {"OR": "||", "AND": "&&"}

#: How deep parentheses and calls may nest.
MAX_DEPTH = 50


def parse(text: str) -> Tree:
    """The tree of an expression; raises `ExpressionError`."""
    parser = _Parser(_tokens(text))
    tree = parser.tree(0)
    if parser.kind != "end":
        raise ExpressionError(f"Unexpected '{parser.text}'")
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) pairs; operators written as words are signs."""
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"Unexpected '{text[position:].strip()[:1]}'")
        kind, value = next((kind, value) for kind, value in match.groupdict().items() if value is not None)
        if kind == "word" and value.upper() in WORDS:
            kind, value = "sign", WORDS[value.upper()]
        tokens.append(("text" if kind in ("double", "single") else kind, value))
        position = match.end()
    return [*tokens, ("end", "end of the expression")]


class _Parser:
    """A precedence climber over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]):
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def text(self) -> str:
        return self._tokens[self._at][1]

    def tree(self, loosest: int) -> Tree:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError("It is nested too deeply")
        left = self._operand()
        while self.kind == "sign" and (strength := STRENGTH.get(self.text, 0)) > loosest:
            operator = self._take()
            # A power is taken from the right: 2 ^ 3 ^ 2 is 2 ^ (3 ^ 2).
            left = Binary(operator, left, self.tree(strength - 1 if operator == "^" else strength))
        self._depth -= 1
        return left

    def _operand(self) -> Tree:
        kind, text = self._tokens[self._at]
        if kind == "number":
            return Number(float(self._take()))
        if kind == "text":
            return Text(self._take())
        if kind == "word":
            self._take()
            if self._sees("("):
                return Call(text.upper(), self._items("(", ")"))
            return Name(text)
        if self._sees("["):
            return Array(self._items("[", "]"))
        if self._sees("-"):
            self._take()
            return Negative(self.tree(NEGATION))
        if self._sees("("):
            self._take()
            inner = self.tree(0)
            self._expect(")")
            return inner
        raise ExpressionError(f"Unexpected '{text}'")

    def _items(self, opening: str, closing: str) -> tuple[Tree, ...]:
        self._expect(opening)
        items: list[Tree] = []
        while not self._sees(closing):
            if items:
                self._expect(",")
            items.append(self.tree(0))
        self._expect(closing)
        return tuple(items)

    def _sees(self, sign: str) -> bool:
        return self._tokens[self._at] == ("sign", sign)

    def _expect(self, sign: str) -> None:
        if not self._sees(sign):
            raise ExpressionError(f"Expected '{sign}' before '{self.text}'")
        self._take()

    def _take(self) -> str:
        text = self.text
        self._at += 1
        return text
