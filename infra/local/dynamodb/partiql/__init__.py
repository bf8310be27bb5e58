"""PartiQL, DynamoDB's SQL: a second grammar in front of the same tables.

    text -> tokens -> syntax           parser, terms: what PartiQL lets one write
         -> Prepared                   conditions, assignments, literals: in the nodes of DynamoDB's expressions
         -> an action for the table    update, insert, delete, select, check: with the table's keys known
         -> a Write, or a Page         the three operations: one statement, a batch, a transaction

A statement's text is translated once and kept, so what a call pays for is binding its parameters. Conditions and
updates are evaluated by the code that evaluates those of UpdateItem, and reads are GetItem, Query and Scan.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from infra.local.dynamodb.partiql.batch_execute_statement import batch_execute_statement
from infra.local.dynamodb.partiql.execute_statement import execute_statement
from infra.local.dynamodb.partiql.execute_transaction import execute_transaction

__all__ = ["batch_execute_statement", "execute_statement", "execute_transaction"]
