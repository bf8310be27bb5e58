"""The grammar of PartiQL's expressions, read by precedence climbing into syntax nodes.

    OR < AND < NOT < (= <> != IS IN) < (< <= > >= BETWEEN LIKE) < (+ - ||) < (* / %) < a sign < a term

Refusals are AWS's: a place where no term can begin is an `Unexpected term`, `operator` or `keyword`.
"""

from collections.abc import Callable
from typing import TypeVar

from infra.local.dynamodb.expressions.ast import Step
from infra.local.dynamodb.limits import NESTING_LEVELS
from infra.local.dynamodb.partiql.errors import malformed
from infra.local.dynamodb.partiql.keywords import FUNCTIONS, OPERATORS, TYPES
from infra.local.dynamodb.partiql.syntax import (
    Call,
    Collection,
    Infix,
    Parameter,
    Path,
    Prefix,
    Scalar,
    Struct,
    Term,
    TypeTest,
)
from infra.local.dynamodb.partiql.tokens import END, Token, tokenize

_OR, _AND, _NOT, _EQUALITY, _COMPARISON, _SUM, _PRODUCT = range(10, 80, 10)
_PRECEDENCE = {
    "or": _OR,
    "and": _AND,
    "=": _EQUALITY,
    "<>": _EQUALITY,
    "!=": _EQUALITY,
    "is": _EQUALITY,
    "in": _EQUALITY,
    "<": _COMPARISON,
    "<=": _COMPARISON,
    ">": _COMPARISON,
    ">=": _COMPARISON,
    "between": _COMPARISON,
    "like": _COMPARISON,
    "+": _SUM,
    "-": _SUM,
    "||": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "%": _PRODUCT,
}
_NEGATABLE = frozenset({"in", "between", "like"})
_CONSTANTS: dict[str, tuple[str, bool]] = {
    "true": ("BOOL", True),
    "false": ("BOOL", False),
    "null": ("NULL", True),
    "missing": ("MISSING", True),
}
#: Terms inside each other; a guard for the stack, far above what sense needs.
_DEPTH = 2 * NESTING_LEVELS

_Part = TypeVar("_Part")


class TermReader:
    """Walks over the tokens of one statement."""

    def __init__(self, text: str):
        self.tokens = tokenize(text)
        self.at = 0
        self.parameters = 0
        self._depth = 0

    # -- the place ----------------------------------------------------------------------------------------

    @property
    def head(self) -> Token:
        return self.tokens[self.at]

    def advance(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != END:
            self.at += 1
        return token

    def sees(self, *keywords: str) -> bool:
        """Whether these keywords come next."""
        following = self.tokens[self.at : self.at + len(keywords)]
        return [(token.kind, token.text) for token in following] == [("keyword", word) for word in keywords]

    def takes(self, *keywords: str) -> bool:
        if not self.sees(*keywords):
            return False
        self.at += len(keywords)
        return True

    def sees_mark(self, mark: str) -> bool:
        return self.head.kind == "mark" and self.head.text == mark

    def takes_mark(self, mark: str) -> bool:
        if not self.sees_mark(mark):
            return False
        self.at += 1
        return True

    def expect(self, mark: str, name: str) -> None:
        if not self.takes_mark(mark):
            raise malformed(f"Expected {name}")

    def listed(self, rule: Callable[[], _Part]) -> tuple[_Part, ...]:
        """One or more of `rule`, with commas between."""
        parts = [rule()]
        while self.takes_mark(","):
            parts.append(rule())
        return tuple(parts)

    # -- terms --------------------------------------------------------------------------------------------

    def term(self, above: int = 0) -> Term:
        """A term of operators that bind tighter than `above`."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise malformed()
        left = self._signed()
        while True:
            token = self.head
            negated = self.sees("not") and self.tokens[self.at + 1].text in _NEGATABLE
            operator = self.tokens[self.at + 1].text if negated else token.text
            binds = _PRECEDENCE.get(operator, 0) if token.kind in ("mark", "keyword") else 0
            if binds <= above:
                break
            self.at += 2 if negated else 1
            left = self._infix(operator, left, token.place, binds)
            if negated:
                left = Prefix("NOT", left, token.place)
        self._depth -= 1
        return left

    def _infix(self, operator: str, left: Term, place: str, binds: int) -> Term:
        if operator == "is":
            negated = self.takes("not")
            test = TypeTest(left, self._type(), place)
            return Prefix("NOT", test, place) if negated else test
        if self.head.kind == END:
            raise malformed("Missing right-hand side expression of infix operator")
        if operator == "between":
            low = self.term(binds)
            if not self.takes("and"):
                raise malformed("Expected and")
            return Infix("BETWEEN", left, Collection("LIST", (low, self.term(binds)), place), place)
        if operator == "in" and self.sees_mark("("):
            start = self.advance().place
            choices = self.listed(self.term)
            self.expect(")", "RIGHT_PAREN")
            return Infix("IN", left, Collection("LIST", choices, start), place)
        return Infix("<>" if operator == "!=" else operator.upper(), left, self.term(binds), place)

    def _type(self) -> str:
        words = self.advance().text.lower()
        longer = f"{words} {self.head.text.lower()}"
        if longer in TYPES:
            self.advance()
            return longer
        if words not in TYPES:
            raise malformed("Expected type name")
        return words

    def _signed(self) -> Term:
        token = self.head
        if token.kind == "keyword" and token.text == "not":
            self.advance()
            return Prefix("NOT", self.term(_NOT), token.place)
        if token.kind != "mark" or token.text not in ("+", "-"):
            return self._path_or_value()
        self.advance()
        self._depth += 1
        if self._depth > _DEPTH:
            raise malformed()
        term = self._signed()
        self._depth -= 1
        if not isinstance(term, Scalar) or term.type != "N":
            return Prefix(token.text, term, token.place)
        number = str(term.content)
        if token.text == "-":
            number = number[1:] if number[0] == "-" else f"-{number}"
        return Scalar("N", number, token.place)

    def _path_or_value(self) -> Term:
        token = self.head
        if token.kind == "string":
            self.advance()
            return Scalar("S", token.text, token.place)
        if token.kind == "number":
            self.advance()
            return Scalar("N", token.text, token.place)
        if token.kind == "parameter":
            self.advance()
            self.parameters += 1
            return Parameter(self.parameters - 1, token.place)
        if token.kind in ("word", "name"):
            return self._call() if self._calls() else self.path()
        if token.kind == "keyword":
            return self._keyword(token)
        if token.kind == "mark" and token.text in "([{<<":
            return self._bracketed(token)
        raise malformed("Unexpected operator" if token.text in _PRECEDENCE and token.text != "*" else "Unexpected term")

    def _keyword(self, token: Token) -> Term:
        if token.text in _CONSTANTS:
            self.advance()
            return Scalar(*_CONSTANTS[token.text], token.place)
        if token.text in FUNCTIONS and self._calls():
            return self._call()
        raise malformed("Unexpected operator" if token.text in OPERATORS else "Unexpected keyword")

    def _bracketed(self, token: Token) -> Term:
        self.advance()
        if token.text == "{":
            entries = () if self.sees_mark("}") else self.listed(self._entry)
            self.expect("}", "RIGHT_CURLY")
            return Struct(entries, token.place)
        if token.text == "[":
            parts = () if self.sees_mark("]") else self.listed(self.term)
            self.expect("]", "RIGHT_BRACKET")
            return Collection("LIST", parts, token.place)
        if token.text == "<<":
            parts = () if self.sees_mark(">>") else self.listed(self.term)
            self.expect(">>", "RIGHT_DOUBLE_ANGLE_BRACKET")
            return Collection("BAG", parts, token.place)
        parts = self.listed(self.term)
        self.expect(")", "RIGHT_PAREN")
        return parts[0] if len(parts) == 1 else Collection("LIST", parts, token.place)

    def _entry(self) -> tuple[Term, Term]:
        name = self.term()
        self.expect(":", "COLON")
        return name, self.term()

    def _calls(self) -> bool:
        following = self.tokens[self.at + 1]
        return following.kind == "mark" and following.text == "("

    def _call(self) -> Call:
        name = self.advance()
        self.advance()
        arguments: tuple[Term, ...] = ()
        if name.text == "count" and self.takes_mark("*"):
            arguments = (Scalar("MISSING", True, name.place),)
        elif not self.sees_mark(")"):
            arguments = self.listed(self._argument)
        self.expect(")", "RIGHT_PAREN")
        return Call(name.text, arguments, name.place)

    def _argument(self) -> Term:
        return self.term()

    def path(self) -> Path:
        token = self.head
        if token.kind not in ("word", "name"):
            raise malformed("Expected identifier for simple path")
        self.advance()
        steps: list[Step] = [token.text]
        while True:
            if self.takes_mark("."):
                if self.head.kind not in ("word", "name"):
                    raise malformed("Invalid path dot component")
                steps.append(self.advance().text)
            elif self.takes_mark("["):
                steps.append(self._index())
                self.expect("]", "RIGHT_BRACKET")
            else:
                return Path(tuple(steps), token.place)

    def _index(self) -> Step:
        token = self.advance()
        if token.kind == "number" and token.text.isdigit():
            return int(token.text)
        if token.kind == "string":
            return token.text
        raise malformed("Invalid path component for simple path")
