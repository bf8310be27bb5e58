"""SET and REMOVE as an update of DynamoDB's; `set_add` and `set_delete` are its ADD and DELETE."""

from infra.local.dynamodb.attributes import SET_TYPES
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import ast
from infra.local.dynamodb.expressions.scope import Check, Values
from infra.local.dynamodb.partiql.operands import Operands, require_arguments, unrecognized
from infra.local.dynamodb.partiql.syntax import Assign, Call, Collection, Infix, Parameter, Path, Remove, Term

_SET_FUNCTIONS: dict[str, type[ast.Add] | type[ast.Delete]] = {"set_add": ast.Add, "set_delete": ast.Delete}


def update(actions: tuple[Assign | Remove, ...], operands: Operands) -> ast.Update:
    return ast.Update(tuple(_action(action, operands) for action in actions))


def _action(action: Assign | Remove, operands: Operands) -> ast.Action:
    path = ast.Path(action.path.steps)
    if isinstance(action, Remove):
        return ast.Remove(path)
    value = action.value
    if isinstance(value, Call) and value.function.lower() in _SET_FUNCTIONS:
        return _set_function(action.path, value, operands)
    return ast.Set(path, _value(value, operands))


def _value(term: Term, operands: Operands) -> ast.Operand:
    if isinstance(term, Infix) and term.operator in ("+", "-"):
        return ast.Arithmetic(term.operator, operands.operand(term.left), operands.operand(term.right))
    if isinstance(term, Call):
        if term.function.lower() != "list_append":
            raise unrecognized(term)
        require_arguments(term, 2)
        return ast.Call("list_append", tuple(_value(argument, operands) for argument in term.arguments))
    return operands.operand(term)


def _set_function(path: Path, call: Call, operands: Operands) -> ast.Action:
    name = call.function.upper()
    if len(call.arguments) != 2:
        raise invalid(f"{name} must have exactly two arguments at {call.place}")
    first, second = call.arguments
    if not isinstance(first, Path) or first.steps != path.steps:
        raise invalid(f"The first argument to {name} must equal the assignment value at {call.place}")
    if isinstance(second, Collection) and second.type == "BAG":
        members = operands.value(second)
    elif isinstance(second, Parameter):
        members = operands.parameter(second)
        operands.checks.append(_set_check(members.placeholder, name, first.place))
    else:
        raise _no_set(name, first.place)
    return _SET_FUNCTIONS[call.function.lower()](ast.Path(path.steps), members)


def _set_check(placeholder: str, function: str, place: str) -> Check:
    def check(values: Values) -> None:
        if SET_TYPES.isdisjoint(values[placeholder]):
            raise _no_set(function, place)

    return check


def _no_set(function: str, place: str) -> Exception:
    return invalid(f"The second argument to {function} must be a value with type SET at {place}")
