"""The parser's place in the tokens of one expression, and the guards against an endless or bottomless one."""

from collections.abc import Callable
from typing import TypeVar

from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions.tokens import END, syntax_error, tokenize
from infra.local.dynamodb.limits import EXPRESSION_OPERATORS, NESTING_LEVELS

#: Parentheses, calls and NOTs inside each other; a guard for the stack, far above what 4 KB of sense needs.
_DEPTH = 2 * NESTING_LEVELS

_Part = TypeVar("_Part")


class Cursor:
    """Walks over tokens; `kind` is the parameter that holds the expression, for the messages."""

    def __init__(self, kind: str, text: str):
        self.kind = kind
        self.text = text
        self.tokens = tokenize(kind, text)
        self.at = 0
        self.depth = 0
        self.operators = 0
        #: The first problem other than of syntax: a text that is no expression is told that it is none before all else.
        self.fault: Exception | None = None

    def listed(self, rule: Callable[[], _Part]) -> tuple[_Part, ...]:
        """One or more of `rule`, with commas between."""
        parts = [rule()]
        while self.tokens[self.at].text == ",":
            self.advance()
            parts.append(rule())
        return tuple(parts)

    def finish(self) -> None:
        """To be called behind the last token."""
        if self.tokens[self.at].kind != END:
            raise self.unexpected()
        if self.fault is not None:
            raise self.fault

    def object_to(self, message: str) -> None:
        """Notes a problem that is none of syntax."""
        if self.fault is None:
            self.fault = self.wrong(message)

    def at_word(self, word: str) -> bool:
        token = self.tokens[self.at]
        return token.kind == "word" and token.text.upper() == word

    def take_word(self, word: str) -> bool:
        if not self.at_word(word):
            return False
        self.advance()
        return True

    def expect(self, mark: str) -> None:
        if self.tokens[self.at].text != mark:
            raise self.unexpected()
        self.advance()

    def advance(self) -> None:
        if self.tokens[self.at].kind != END:
            self.at += 1

    def enter(self) -> None:
        self.depth += 1
        if self.depth > _DEPTH:
            raise self.wrong(f"The expression is nested too deeply; allowed levels: {_DEPTH}")

    def count_operator(self) -> None:
        self.operators += 1
        if self.operators > EXPRESSION_OPERATORS:
            self.object_to(
                "The expression contains too many operators or functions; "
                f"allowed: {EXPRESSION_OPERATORS}, found: {self.operators}"
            )

    def unexpected(self) -> Exception:
        return syntax_error(self.kind, self.text, self.tokens, self.at)

    def wrong(self, message: str) -> Exception:
        return invalid(f"Invalid {self.kind}: {message}")
