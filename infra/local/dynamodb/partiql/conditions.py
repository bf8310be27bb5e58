"""WHERE as a condition of DynamoDB's: the same nodes that the parser of expressions makes."""

from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import ast
from infra.local.dynamodb.partiql.keywords import TYPES
from infra.local.dynamodb.partiql.literals import unsupported
from infra.local.dynamodb.partiql.operands import Operands, require_arguments, unrecognized
from infra.local.dynamodb.partiql.syntax import Call, Collection, Infix, Path, Prefix, Scalar, Term, TypeTest

_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
#: Functions that are conditions -> number of operands.
_TESTS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}


def condition(term: Term, operands: Operands) -> ast.Condition:
    """A term as a condition; what is none, or what DynamoDB has not, is refused."""
    if isinstance(term, Infix):
        return _infix(term, operands)
    if isinstance(term, Prefix) and term.operator == "NOT":
        return ast.Not(condition(term.term, operands))
    if isinstance(term, TypeTest):
        return _type_test(term, operands)
    if isinstance(term, Call):
        return _test(term, operands)
    raise invalid(f"Unsupported condition in where clause at {term.place}")


def _infix(term: Infix, operands: Operands) -> ast.Condition:
    if term.operator in ("AND", "OR"):
        kind = ast.And if term.operator == "AND" else ast.Or
        return kind(tuple(condition(part, operands) for part in _chain(term, term.operator)))
    if term.operator in ("IN", "BETWEEN"):
        if not isinstance(term.right, Collection):
            raise invalid(f"The right side of {term.operator} must be a list at {term.right.place}")
        left = operands.operand(term.left)
        right = tuple(operands.operand(part) for part in term.right.parts)
        return ast.In(left, right) if term.operator == "IN" else ast.Between(left, right[0], right[1])
    if term.operator not in _COMPARATORS:
        raise invalid(f"Unsupported operator in where clause: {term.operator} at {term.place}")
    truth = _compared_to_truth(term)
    if truth is not None:
        test, holds = truth
        return condition(test, operands) if holds else ast.Not(condition(test, operands))
    return ast.Compare(term.operator, operands.operand(term.left), operands.operand(term.right))


def _chain(term: Term, operator: str) -> list[Term]:
    """`a AND b AND c` without its parentheses, in order."""
    parts: list[Term] = []
    waiting = [term]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Infix) and part.operator == operator:
            waiting += (part.right, part.left)
        else:
            parts.append(part)
    return parts


def _compared_to_truth(term: Infix) -> tuple[Term, bool] | None:
    """`attribute_exists(a) = true`: the test, and whether it should hold."""
    for test, constant in ((term.left, term.right), (term.right, term.left)):
        if isinstance(test, Call) and test.function.lower() in _TESTS and term.operator in ("=", "<>"):
            if not isinstance(constant, Scalar) or constant.type != "BOOL":
                return None
            return test, bool(constant.content) is (term.operator == "=")
    return None


def _type_test(term: TypeTest, operands: Operands) -> ast.Condition:
    if term.type == "missing":
        if not isinstance(term.term, Path):
            raise unsupported(term.term)
        return ast.Call("attribute_not_exists", (ast.Path(term.term.steps),))
    kind = TYPES[term.type]
    subject = operands.operand(term.term)
    if not kind:
        raise invalid(f"Unsupported type in where clause: {term.type.upper()} at {term.place}")
    return ast.Call("attribute_type", (subject, operands.value(Scalar("S", kind, term.place))))


def _test(call: Call, operands: Operands) -> ast.Condition:
    function = call.function.lower()
    if function not in _TESTS:
        raise unrecognized(call)
    require_arguments(call, _TESTS[function])
    first = call.arguments[0]
    if function in ("attribute_exists", "attribute_not_exists") and not isinstance(first, Path):
        raise invalid(f"Operator or function requires a document path; operator or function: {function}")
    return ast.Call(function, tuple(operands.operand(argument) for argument in call.arguments))
