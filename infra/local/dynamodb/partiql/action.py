"""A statement made ready for the table that it names."""

from infra.local.dynamodb.partiql.check import ConditionCheck, compile_check
from infra.local.dynamodb.partiql.delete import DeleteAction, compile_delete_statement
from infra.local.dynamodb.partiql.insert import InsertAction, compile_insert_statement
from infra.local.dynamodb.partiql.prepared import Prepared
from infra.local.dynamodb.partiql.select import Selection, compile_selection
from infra.local.dynamodb.partiql.syntax import Delete, Exists, Insert, Update
from infra.local.dynamodb.partiql.update import UpdateAction, compile_update_statement
from infra.local.dynamodb.tables import Table

#: What a transaction decides before it writes.
WriteAction = UpdateAction | InsertAction | DeleteAction | ConditionCheck
Action = WriteAction | Selection


def compile_statement(prepared: Prepared, table: Table) -> Action:
    """Refuses what the table does not allow."""
    statement = prepared.statement
    if isinstance(statement, Update):
        return compile_update_statement(prepared, table)
    if isinstance(statement, Insert):
        return compile_insert_statement(prepared, table)
    if isinstance(statement, Delete):
        return compile_delete_statement(prepared, table)
    if isinstance(statement, Exists):
        return compile_check(prepared, table)
    return compile_selection(prepared, table)
