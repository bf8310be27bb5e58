"""Terms as the operands of DynamoDB's expressions, and the values that these will need.

A parameter is the placeholder `:0`, a literal `:literal0`; both become the `:values` of a compiled expression,
so that a statement shares its evaluator with UpdateItem, Query and the rest.
"""

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import ast
from infra.local.dynamodb.expressions.scope import Check, Scope, Steps, Values
from infra.local.dynamodb.partiql.literals import has_parameters, made, placeholder, unsupported
from infra.local.dynamodb.partiql.syntax import Call, Collection, Parameter, Path, Scalar, Struct, Term
from infra.local.errors import AwsError


class Operands:
    """Collects the values of one statement while it is translated."""

    def __init__(self) -> None:
        #: Literals without parameters, by placeholder.
        self.constants: Item = {}
        #: Literals with parameters inside, made anew for each call.
        self.templates: list[tuple[str, Term]] = []
        #: What must hold of the parameters, whatever the item holds.
        self.checks: list[Check] = []

    def operand(self, term: Term) -> ast.Operand:
        """A path, a value, or `size(path)`."""
        if isinstance(term, Path):
            return ast.Path(term.steps)
        if isinstance(term, Parameter):
            return self.parameter(term)
        if isinstance(term, Scalar | Collection | Struct):
            return self.value(term)
        if isinstance(term, Call) and term.function.lower() == "size":
            require_arguments(term, 1)
            return ast.Call("size", (self.operand(term.arguments[0]),))
        if isinstance(term, Call):
            raise unrecognized(term)
        raise unsupported(term)

    def parameter(self, term: Parameter) -> ast.Value:
        return ast.Value(placeholder(term.number))

    def value(self, term: Scalar | Collection | Struct) -> ast.Value:
        name = f":literal{len(self.constants) + len(self.templates)}"
        if has_parameters(term):
            self.templates.append((name, term))
        else:
            self.constants[name] = made(term, {})
        return ast.Value(name)


class StatementScope(Scope):
    """The scope of a statement: its names are final, its complaints have no expression to name."""

    def __init__(self) -> None:
        super().__init__("statement", {})

    def steps(self, path: ast.Path) -> Steps:
        head = str(path.steps[0])
        self.heads.add(head)
        if len(path.steps) > 1:
            self.nested.add(head)
        return path.steps

    def wrong(self, message: str) -> AwsError:
        return invalid(message)


def bound(operands: Operands, parameters: Item) -> Values:
    """All values of one call: its parameters, legal already, and the statement's literals."""
    if not operands.constants and not operands.templates:
        return parameters
    values = {**operands.constants, **parameters}
    for name, term in operands.templates:
        values[name] = made(term, parameters)
    return values


def require_arguments(call: Call, count: int) -> None:
    if len(call.arguments) != count:
        raise invalid(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {call.function.lower()}, number of operands: {len(call.arguments)}"
        )


def unrecognized(call: Call) -> AwsError:
    return invalid(f"Unrecognized function: {call.function} at {call.place}")
