"""The one grammar of all five kinds of expression, read by recursive descent into frozen nodes.

    condition  = conjunct { OR conjunct }
    conjunct   = negation { AND negation }
    negation   = NOT negation | test
    test       = operand [ comparator operand | BETWEEN operand AND operand | IN ( operand {, operand} ) ]
    operand    = ( condition ) | function ( operand {, operand} ) | :value | path
    path       = name { . name | [ index ] }
    update     = { SET path = sum {, ...} | REMOVE path {, ...} | ADD path :value {, ...} | DELETE path :value {, ...} }
    sum        = operand [ (+|-) operand ]
    projection = path {, path}

A parenthesis may hold a condition or a mere operand, so both come out of one rule and the rule above checks
that it was given what it needs. Key conditions are conditions; what else they must be is checked in keys.
What depends only on the text is refused here: syntax, reserved words, unknown functions, operand counts.
"""

from functools import lru_cache

from infra.local.dynamodb.expressions.ast import (
    Action,
    Add,
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Condition,
    Delete,
    In,
    Not,
    Operand,
    Or,
    Path,
    Projection,
    Remove,
    Set,
    Step,
    Update,
    Value,
)
from infra.local.dynamodb.expressions.cursor import Cursor
from infra.local.dynamodb.expressions.reserved import RESERVED_WORDS
from infra.local.dynamodb.expressions.tokens import END, syntax_error
from infra.local.dynamodb.limits import IN_OPERANDS

#: Function name -> number of operands.
CONDITION_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
UPDATE_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}
_FUNCTIONS = CONDITION_FUNCTIONS | UPDATE_FUNCTIONS

_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_SECTIONS = frozenset({"SET", "REMOVE", "ADD", "DELETE"})
#: Words of the grammar, which are no names in any expression.
_WORDS = _SECTIONS | {"AND", "OR", "NOT", "BETWEEN", "IN"}
#: Digits of a list index that could ever be in a list of at most 400 KB.
_INDEX_DIGITS = 10


@lru_cache(maxsize=2048)
def parse_condition(kind: str, text: str) -> Condition:
    """A ConditionExpression, FilterExpression or KeyConditionExpression."""
    parser = _Parser(kind, text, CONDITION_FUNCTIONS)
    node = parser.condition()
    parser.finish()
    return node


@lru_cache(maxsize=2048)
def parse_update(kind: str, text: str) -> Update:
    """An UpdateExpression."""
    parser = _Parser(kind, text, UPDATE_FUNCTIONS)
    node = parser.update()
    parser.finish()
    return node


@lru_cache(maxsize=2048)
def parse_projection(kind: str, text: str) -> Projection:
    """A ProjectionExpression."""
    parser = _Parser(kind, text, {})
    node = Projection(parser.listed(parser.path))
    parser.finish()
    return node


class _Parser(Cursor):
    def __init__(self, kind: str, text: str, functions: dict[str, int]):
        super().__init__(kind, text)
        self.functions = functions
        #: Tokens at which a parenthesised group began and the place just behind it, to see `((x))`.
        self.groups: dict[int, int] = {}

    # -- conditions ---------------------------------------------------------------------------------------

    def condition(self) -> Condition:
        return self._as_condition(self._disjunction())

    def _disjunction(self) -> Condition | Operand:
        first = self._conjunction()
        if not self.at_word("OR"):
            return first
        parts = [self._as_condition(first)]
        while self.take_word("OR"):
            self.count_operator()
            parts.append(self._as_condition(self._conjunction()))
        return Or(tuple(parts))

    def _conjunction(self) -> Condition | Operand:
        first = self._negation()
        if not self.at_word("AND"):
            return first
        parts = [self._as_condition(first)]
        while self.take_word("AND"):
            self.count_operator()
            parts.append(self._as_condition(self._negation()))
        return And(tuple(parts))

    def _negation(self) -> Condition | Operand:
        if not self.at_word("NOT"):
            return self._test()
        self.enter()
        self.advance()
        self.count_operator()
        part = self._as_condition(self._negation())
        self.depth -= 1
        return Not(part)

    def _test(self) -> Condition | Operand:
        start = self.at
        left = self.operand()
        token = self.tokens[self.at]
        if not isinstance(left, Operand) and (
            token.text in _COMPARATORS or self.at_word("BETWEEN") or self.at_word("IN")
        ):
            raise self.unexpected()
        if token.text in _COMPARATORS:
            self.advance()
            self.count_operator()
            return Compare(token.text, self._as_operand(left, start), self._plain_operand())
        if self.take_word("BETWEEN"):
            self.count_operator()
            low = self._plain_operand()
            if not self.take_word("AND"):
                raise self.unexpected()
            return Between(self._as_operand(left, start), low, self._plain_operand())
        if self.take_word("IN"):
            self.count_operator()
            self.expect("(")
            choices = self.listed(self._plain_operand)
            self.expect(")")
            if len(choices) > IN_OPERANDS:
                self.object_to(
                    f"Too many operands for operator or function; operator or function: IN, "
                    f"number of operands: {len(choices)}"
                )
            return In(self._as_operand(left, start), choices)
        return left

    def _plain_operand(self) -> Operand:
        start = self.at
        return self._as_operand(self.operand(), start)

    def _as_condition(self, node: Condition | Operand) -> Condition:
        if isinstance(node, Path | Value | Arithmetic):
            raise self.unexpected()
        if isinstance(node, Call) and node.function == "size":
            self._object_to_use(node)
        return node

    def _as_operand(self, node: Condition | Operand, start: int) -> Operand:
        if isinstance(node, Path | Value | Arithmetic):
            return node
        if isinstance(node, Call):
            if node.function in self.functions and node.function in CONDITION_FUNCTIONS and node.function != "size":
                self._object_to_use(node)
            return node
        raise syntax_error(self.kind, self.text, self.tokens, start)

    # -- operands -----------------------------------------------------------------------------------------

    def operand(self) -> Condition | Operand:
        token = self.tokens[self.at]
        if token.text == "(":
            return self._group()
        if token.kind == "value":
            self.advance()
            return Value(token.text)
        if token.kind == "word" and self.tokens[self.at + 1].text == "(" and token.text.upper() not in _WORDS:
            return self._call(token.text)
        return self.path()

    def _group(self) -> Condition | Operand:
        self.enter()
        start = self.at
        self.advance()
        node = self._disjunction() if self.functions is CONDITION_FUNCTIONS else self._sum()
        inner_end = self.groups.get(start + 1)
        if inner_end == self.at and self.tokens[self.at].text == ")" and self.kind != "KeyConditionExpression":
            self.object_to("The expression has redundant parentheses;")
        self.expect(")")
        self.groups[start] = self.at
        self.depth -= 1
        return node

    def _call(self, function: str) -> Call:
        self.enter()
        wanted = self.functions.get(function)
        if wanted is None:
            self.object_to(self._no_function(function))
        self.advance()
        self.expect("(")
        arguments = self.listed(self._plain_operand)
        self.expect(")")
        self.count_operator()
        self.depth -= 1
        if wanted is not None and wanted != len(arguments):
            self.object_to(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {function}, number of operands: {len(arguments)}"
            )
        if function in ("attribute_exists", "attribute_not_exists", "if_not_exists") and not isinstance(
            arguments[0], Path
        ):
            self.object_to(f"Operator or function requires a document path; operator or function: {function}")
        self._refuse_lists_within(*arguments)
        return Call(function, arguments)

    def path(self) -> Path:
        steps: list[Step] = [self._name()]
        while True:
            text = self.tokens[self.at].text
            if text == ".":
                self.advance()
                steps.append(self._name())
            elif text == "[":
                self.advance()
                index = self.tokens[self.at]
                if index.kind != "index":
                    raise self.unexpected()
                if len(index.text) > _INDEX_DIGITS:
                    self.object_to(f"List index is not within the allowable range; index: [{index.text}]")
                steps.append(int(index.text))
                self.advance()
                self.expect("]")
            else:
                return Path(tuple(steps))

    def _name(self) -> str:
        token = self.tokens[self.at]
        if token.kind == "name":
            self.advance()
            return token.text
        if token.kind != "word" or token.text.upper() in _WORDS:
            raise self.unexpected()
        if token.text.upper() in RESERVED_WORDS:
            self.object_to(f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
        self.advance()
        return token.text

    # -- updates ------------------------------------------------------------------------------------------

    def update(self) -> Update:
        actions: list[Action] = []
        seen: set[str] = set()
        if self.tokens[0].kind == END:
            raise self.unexpected()
        while self.tokens[self.at].kind != END:
            token = self.tokens[self.at]
            section = token.text.upper()
            if token.kind != "word" or section not in _SECTIONS:
                raise self.unexpected()
            if section in seen:
                self.object_to(f'The "{section}" section can only be used once in an update expression;')
            seen.add(section)
            self.advance()
            rule = {"SET": self._set, "REMOVE": self._remove, "ADD": self._add, "DELETE": self._delete}[section]
            actions.extend(self.listed(rule))
        return Update(tuple(actions))

    def _set(self) -> Action:
        path = self.path()
        self.expect("=")
        self.count_operator()
        return Set(path, self._sum())

    def _remove(self) -> Action:
        self.count_operator()
        return Remove(self.path())

    def _add(self) -> Action:
        self.count_operator()
        return Add(self.path(), self._value())

    def _delete(self) -> Action:
        self.count_operator()
        return Delete(self.path(), self._value())

    def _sum(self) -> Operand:
        left = self._plain_operand()
        token = self.tokens[self.at]
        if token.text not in ("+", "-"):
            return left
        self.advance()
        self.count_operator()
        right = self._plain_operand()
        self._refuse_lists_within(left, right)
        return Arithmetic(token.text, left, right)

    def _value(self) -> Value:
        token = self.tokens[self.at]
        if token.kind != "value":
            raise self.unexpected()
        self.advance()
        return Value(token.text)

    def _refuse_lists_within(self, *operands: Operand) -> None:
        """list_append() is a value of its own, and no part of another."""
        for operand in operands:
            if isinstance(operand, Call) and operand.function == "list_append" and self.kind == "UpdateExpression":
                self._object_to_use(operand)

    def _object_to_use(self, call: Call) -> None:
        self.object_to(f"The function is not allowed to be used this way in an expression; function: {call.function}")

    def _no_function(self, name: str) -> str:
        if name not in _FUNCTIONS:
            return f"Invalid function name; function: {name}"
        kind = "an update" if self.kind == "UpdateExpression" else "a condition"
        return f"The function is not allowed in {kind} expression; function: {name}"
