"""The words of an expression: names, placeholders, indexes, operators, each with its place in the text."""

import re
from dataclasses import dataclass

from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.limits import EXPRESSION_BYTES

_TOKEN = re.compile(
    r"""
    (?P<word>[A-Za-z][A-Za-z0-9_]*)
  | (?P<name>\#[A-Za-z0-9_]+)
  | (?P<value>:[A-Za-z0-9_]+)
  | (?P<index>[0-9]+)
  | (?P<mark><>|<=|>=|[=<>()\[\],.+-])
    """,
    re.VERBOSE,
)
_SPACE = " \t\r\n"

END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    #: word, name (#x), value (:x), index, mark, or end.
    kind: str
    text: str
    start: int


def tokenize(kind: str, text: str) -> list[Token]:
    """The tokens of one expression, closed by an end token; `kind` is the parameter that held it."""
    if not text:
        raise invalid(f"Invalid {kind}: The expression can not be empty;")
    size = len(text.encode(errors="surrogatepass"))
    if size > EXPRESSION_BYTES:
        told = "" if kind == "UpdateExpression" else f" expression size: {size}"
        raise invalid(f"Invalid {kind}: Expression size has exceeded the maximum allowed size;{told}")
    tokens: list[Token] = []
    place, length = 0, len(text)
    while place < length:
        if text[place] in _SPACE:
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            tokens.append(Token("mark", text[place], place))
            raise _stray(kind, text, tokens)
        assert match.lastgroup is not None
        tokens.append(Token(match.lastgroup, match[0], place))
        place = match.end()
    tokens.append(Token(END, "<EOF>", length))
    return tokens


def _stray(kind: str, text: str, tokens: list[Token]) -> Exception:
    """The error of a character that begins no token, which is the last of `tokens`."""
    at = len(tokens) - 1
    rest = text[tokens[at].start + 1 :].lstrip(_SPACE)
    place = len(text) - len(rest)
    following = _TOKEN.match(text, place)
    tokens.append(Token("mark", following[0] if following else rest[:1], place))
    return syntax_error(kind, text, tokens, at)


def syntax_error(kind: str, text: str, tokens: list[Token], at: int) -> Exception:
    """DynamoDB's syntax error: the token, and the text from the token before it to the token after it."""
    first = tokens[at - 1].start if at else 0
    last = tokens[min(at + 1, len(tokens) - 1)]
    end = last.start if last.kind == END else last.start + len(last.text)
    near = text[first:end].encode(errors="replace").decode()
    token = tokens[at].text.encode(errors="replace").decode()
    return invalid(f'Invalid {kind}: Syntax error; token: "{token}", near: "{near}"')
