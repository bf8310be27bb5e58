"""Condition, update, filter, projection and key-condition expressions: one grammar, compiled once.

text -> tokens -> ast (parser) -> closures (evaluate, update, projection, keycondition) -> a cached Plan (plans).
"""

from infra.local.dynamodb.expressions.plans import Plan, bind
from infra.local.dynamodb.expressions.projection import Projector
from infra.local.dynamodb.expressions.scope import Values

__all__ = ["Plan", "Projector", "Values", "bind"]
