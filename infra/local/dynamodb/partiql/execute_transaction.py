"""ExecuteTransaction: up to 100 statements, all reads or all writes, all or none.

Everything is decided on the items as they are, then everything is written; one refusal cancels all, and the error
gives a reason for each statement. What is wrong with a statement itself is told before, with its number.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteTransaction.html
"""

from contextlib import suppress
from typing import Any, NamedTuple

from infra.local.dynamodb.capacity import TRANSACTION_FACTOR, Consumed
from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.expressions import Values
from infra.local.dynamodb.items import item_size
from infra.local.dynamodb.keys import ItemKey, exact_key
from infra.local.dynamodb.limits import TRANSACTION_BYTES
from infra.local.dynamodb.parameters import returned_capacity
from infra.local.dynamodb.partiql.action import Action, compile_statement
from infra.local.dynamodb.partiql.errors import batch_code
from infra.local.dynamodb.partiql.prepared import Prepared, prepare
from infra.local.dynamodb.partiql.reading import read_item
from infra.local.dynamodb.partiql.select import Selection
from infra.local.dynamodb.partiql.syntax import Delete, Exists, Insert, Update
from infra.local.dynamodb.request_tokens import fingerprint, remember, was_done
from infra.local.dynamodb.rows import read_item as read_stored
from infra.local.dynamodb.tables import Table, find_table
from infra.local.dynamodb.write import Write
from infra.local.errors import AwsError
from infra.local.request import Request

_NEEDS_KEY = "Select statements within ExecuteTransaction must specify the primary key in the where clause."
_CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons"
_REASONS = frozenset({"ConditionalCheckFailedException", "DuplicateItemException", "ValidationException"})


class Member(NamedTuple):
    """One statement with all that the request alone decides about it."""

    table: Table
    action: Action
    values: Values
    params: dict[str, Any]


def execute_transaction(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("ExecuteTransaction", params)
    capacity = returned_capacity(params)
    statements: list[dict[str, Any]] = params["TransactStatements"]
    members = [_member(request, at, statement) for at, statement in enumerate(statements)]
    reads = [isinstance(member.action, Selection) for member in members]
    if any(reads):
        if not all(reads):
            raise invalid("Read and write statements cannot be mixed in one ExecuteTransaction")
        return _read(request, members, capacity)
    token = params.get("ClientRequestToken")
    mark = None if token is None else fingerprint({"TransactStatements": statements})
    if token is not None and mark is not None and was_done(request, token, mark):
        return {"Responses": []} | _repeated(request, members, capacity)
    writes = _decide(request, members)
    consumed: dict[str, Consumed] = {}
    for member, write in zip(members, writes, strict=True):
        write.do(request)
        if capacity is not None:
            usage = consumed.setdefault(member.table.name, Consumed(member.table, capacity, "WriteCapacityUnits"))
            write.use(usage, TRANSACTION_FACTOR)
    if token is not None and mark is not None:
        remember(request, token, mark)
    return {"Responses": []} | _capacity(consumed, capacity)


def _member(request: Request, at: int, params: dict[str, Any]) -> Member:
    try:
        prepared = prepare(params["Statement"])
        _check_alone(prepared)
    except AwsError as error:
        raise _at(error, at) from None
    values = prepared.values(params.get("Parameters"))
    table = find_table(request, prepared.table_name)
    try:
        action = prepared.compiled(table, compile_statement)
        if isinstance(action, Selection):
            if not action.one_item or action.filter is not None:
                raise invalid(_NEEDS_KEY)
            action.check(values)
    except AwsError as error:
        raise _at(error, at) from None
    return Member(table, action, values, params)


def _check_alone(prepared: Prepared) -> None:
    """What a statement must be in any transaction."""
    statement = prepared.statement
    if isinstance(statement, Update | Delete) and statement.returning is not None:
        raise invalid("RETURNING clause is not supported in ExecuteTransaction.")
    if prepared.index_name is not None:
        if isinstance(statement, Exists):
            raise invalid("Operations on indices are not supported in transactions")
        if not isinstance(statement, Insert):
            raise invalid("Reads on indices are not supported within transactions.")


def _at(error: AwsError, at: int) -> AwsError:
    """The error with the number of its statement."""
    if error.code != "ValidationException":
        return error
    return invalid(f"Validation failed in TransactStatements[{at}]: {error.message}")


def _decide(request: Request, members: list[Member]) -> list[Write]:
    """Every write decided, or TransactionCanceledException with a reason for each."""
    _check_apart(members)
    writes: list[Write] = []
    reasons: list[dict[str, Any]] = []
    for table, action, values, params in members:
        assert not isinstance(action, Selection)
        try:
            writes.append(action.decide(request, table, values, params))
        except AwsError as error:
            if error.code not in _REASONS:
                raise
            reasons.append({"Code": batch_code(error.code), "Message": error.message, **error.fields})
        else:
            reasons.append({"Code": "None"})
    if len(writes) != len(members):
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise AwsError(
            "TransactionCanceledException", f"{_CANCELLED} [{codes}]", fields={"CancellationReasons": reasons}
        )
    written = (write.after for write in writes if write.statement and write.after is not None)
    if sum(map(item_size, written)) > TRANSACTION_BYTES:
        raise invalid("Transaction request cannot write more than 4 MB")
    return writes


def _check_apart(members: list[Member]) -> None:
    """Refuses two statements on one item; a key that is wrong is told later."""
    targets: list[tuple[int, ItemKey]] = []
    for table, action, values, _ in members:
        with suppress(AwsError):
            targets.append((table.id, exact_key(table.keys, action.key_of(table, values))))
    if len(set(targets)) != len(targets):
        raise invalid("Transaction request cannot include multiple operations on one item")


def _read(request: Request, members: list[Member], capacity: str | None) -> dict[str, Any]:
    _check_apart(members)
    responses: list[dict[str, Any]] = []
    consumed: dict[str, Consumed] = {}
    total = 0
    for table, action, values, _ in members:
        assert isinstance(action, Selection)
        item, _ = read_item(request, table, action, values, {})
        size = 0 if item is None else item_size(item)
        total += size
        if capacity is not None:
            usage = consumed.setdefault(table.name, Consumed(table, capacity, "ReadCapacityUnits"))
            usage.read(size, consistent=True, factor=TRANSACTION_FACTOR)
        responses.append({} if item is None else {"Item": action.shown([item], values)[0]})
    if total > TRANSACTION_BYTES:
        raise invalid("Transaction request cannot read more than 4 MB")
    return {"Responses": responses} | _capacity(consumed, capacity)


def _repeated(request: Request, members: list[Member], capacity: str | None) -> dict[str, Any]:
    """What a repeated transaction costs: it only reads its items."""
    consumed: dict[str, Consumed] = {}
    for table, action, values, _ in members:
        if capacity is None:
            break
        assert not isinstance(action, Selection)
        usage = consumed.setdefault(table.name, Consumed(table, capacity, "ReadCapacityUnits"))
        item = read_stored(request.db, table, exact_key(table.keys, action.key_of(table, values)))
        usage.read(0 if item is None else item_size(item), consistent=True, factor=TRANSACTION_FACTOR)
    return _capacity(consumed, capacity)


def _capacity(consumed: dict[str, Consumed], capacity: str | None) -> dict[str, Any]:
    return {} if capacity is None else {"ConsumedCapacity": [usage.reply() for usage in consumed.values()]}
