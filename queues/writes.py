"""IO: conditional writes of single rows, sent together: what comes up in one turn of the event loop goes in one call,
and while calls are on their way, what comes up until one is answered (Nagle's algorithm, RFC 896). A full call never
waits.

A job costs two such writes, its claim and its settlement. One UpdateItem each was most of what a job cost on any
endpoint behind HTTP; BatchExecuteStatement takes 25, for the same write units. Each statement of a batch stands
alone: it takes place, or is refused by its own condition, whatever becomes of its neighbours.

An emulator may lack BatchExecuteStatement (moto does). The first answer tells, and from then on each write is an
UpdateItem, or a DeleteItem, of the same meaning.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

from queues import limits
from queues.clients import code_of
from queues.rows import SORT_KEY, Item

log = logging.getLogger("jobyard.writes")

#: Tries of a statement that DynamoDB was too busy for, and seconds before the second; doubled each time.
TRIES = 8
PAUSE = 0.05

#: Calls on their way while which a write waits for company.
CALLS = 2

#: Errors of single statements that pass by themselves, as BatchStatementError names them.
PASSING = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)


#: Attributes and operators that must hold for a write to take place, such as ("run_at", "<=").
Guards = tuple[tuple[str, str], ...]


# Known by being itself: to compare all that it says would take longer than to put it into words.
@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What a write says, without its values: few forms are in use, and each is put into words once."""

    #: Attributes that are set. A form that sets nothing deletes the row.
    sets: tuple[str, ...]
    guards: Guards
    #: A number that the value is added to, after `sets`; it must exist.
    adds: str | None = None
    #: Attributes that are removed. Only a write that goes alone can: PartiQL takes a clause for each, emulators do not.
    removes: tuple[str, ...] = ()
    #: Whether the row as written is wanted; or, if it is deleted, as it was.
    returning: bool = False


class Refused(Exception):
    """The row does not exist, or a guard does not hold; `item` is the row where the endpoint says what it met."""

    def __init__(self, item: Item | None):
        super().__init__("a conditional write was refused")
        self.item = item


@dataclass(slots=True, eq=False)
class _Write:
    form: Form
    pk: str
    values: list[Item]
    guards: list[Item]
    done: asyncio.Future[Item | None]


class Writes:
    """The conditional writes to one table."""

    def __init__(self, dynamodb: Any, table: str):
        self._db = dynamodb
        self._table = table
        self._waiting: list[_Write] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._calls = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        #: Whether the endpoint takes batches; None until its first answer.
        self._together: bool | None = None

    def apply(self, form: Form, pk: str, values: list[Item], guards: list[Item]) -> asyncio.Future[Item | None]:
        """Writes to the row of `pk`: `values` for `form.sets` and `form.adds`, `guards` for `form.guards`, in order.

        The future holds the row if the form asks for it; raises `Refused`, or ClientError.
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            # Remembered: to ask for it is a system call, up to Python 3.11.
            loop = self._loop = asyncio.get_running_loop()
        write = _Write(form, pk, values, guards, loop.create_future())
        # With calls on their way, the next answer, or the 25th write, has them sent.
        if not self._waiting or len(self._waiting) == limits.BATCH_STATEMENTS - 1:
            loop.call_soon(self._flush)
        self._waiting.append(write)
        return write.done

    async def sent(self) -> None:
        """Returns when the endpoint has answered all that was asked of it by now."""
        asked = set(self._waiting)
        while not asked.isdisjoint(self._waiting):
            # What has only come up goes at the end of this turn of the loop.
            await (asyncio.wait(self._sending, return_when="FIRST_COMPLETED") if self._sending else asyncio.sleep(0))
        if self._sending:
            await asyncio.wait(set(self._sending))

    def _flush(self) -> None:
        while self._waiting and (self._calls < CALLS or len(self._waiting) >= limits.BATCH_STATEMENTS):
            self._start(self._next())

    def _next(self) -> list[_Write]:
        """Takes the writes of the next call from those that wait."""
        batch: dict[str, _Write] = {}
        left: list[_Write] = []
        for at, write in enumerate(self._waiting):
            if len(batch) == limits.BATCH_STATEMENTS:
                left += self._waiting[at:]
                break
            # Two writes to one row do not belong in one call: their order would be open.
            if write.pk in batch:
                left.append(write)
            else:
                batch[write.pk] = write
        self._waiting = left
        return list(batch.values())

    def _start(self, writes: list[_Write]) -> None:
        self._calls += 1
        task = asyncio.get_running_loop().create_task(self._send(writes))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _answered(self) -> None:
        """One call less is on its way."""
        self._calls -= 1
        self._flush()

    async def _send(self, writes: list[_Write]) -> None:
        try:
            if self._together is not False:
                await self._batch(writes)
            else:
                self._answered()
                await asyncio.gather(*[self._single(write) for write in writes])
        except BaseException as error:
            for write in writes:
                if not write.done.done():
                    write.done.set_exception(error)
            if isinstance(error, asyncio.CancelledError):
                raise

    async def _batch(self, writes: list[_Write]) -> None:
        for tries in range(TRIES):
            statements = [
                {
                    "Statement": _statement(self._table, write.form),
                    "Parameters": [*write.values, {"S": write.pk}, _SK, *write.guards],
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
                for write in writes
            ]
            try:
                reply = await self._db.batch_execute_statement(Statements=statements)
            except ClientError as error:
                if not self._together and _unknown(error):
                    self._together = False
                    log.warning("this endpoint has no BatchExecuteStatement (%s): jobs cost more calls", code_of(error))
                    await asyncio.gather(*[self._single(write) for write in writes])
                    return
                raise
            finally:
                if tries == 0:
                    # What is sent again after a rest holds nothing up.
                    self._answered()
            self._together = True
            writes = [
                write for write, answer in zip(writes, reply["Responses"], strict=True) if not _answered(write, answer)
            ]
            if not writes:
                return
            if tries < TRIES - 1:
                await asyncio.sleep(PAUSE * 2**tries)
        raise TimeoutError(f"DynamoDB was too busy for a write, {TRIES} times")

    async def alone(self, form: Form, pk: str, values: list[Item], guards: list[Item]) -> Item | None:
        """The same write as an UpdateItem of its own: what is rare, or removes something."""
        if not form.sets:
            return await self._delete(form, pk, guards)
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in form.sets)
        if form.adds:
            expression += f" ADD #{form.adds} :{form.adds}"
        if form.removes:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in form.removes)
        written = [*form.sets, *([form.adds] if form.adds else [])]
        guarded = [name for name, _ in form.guards]
        try:
            reply = await self._db.update_item(
                TableName=self._table,
                Key={"pk": {"S": pk}, "sk": _SK},
                UpdateExpression=expression,
                ConditionExpression=" AND ".join(f"#{name} {how} :_{name}" for name, how in form.guards),
                ExpressionAttributeNames={f"#{name}": name for name in (*written, *form.removes, *guarded)},
                ExpressionAttributeValues={
                    **{f":{name}": value for name, value in zip(written, values, strict=True)},
                    **{f":_{name}": value for name, value in zip(guarded, guards, strict=True)},
                },
                ReturnValues="ALL_NEW" if form.returning else "NONE",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            raise Refused(error.response.get("Item")) from None
        row: Item | None = reply.get("Attributes")
        return row

    async def _delete(self, form: Form, pk: str, guards: list[Item]) -> Item | None:
        guarded = [name for name, _ in form.guards]
        try:
            reply = await self._db.delete_item(
                TableName=self._table,
                Key={"pk": {"S": pk}, "sk": _SK},
                ConditionExpression=" AND ".join(f"#{name} {how} :_{name}" for name, how in form.guards),
                ExpressionAttributeNames={f"#{name}": name for name in guarded},
                ExpressionAttributeValues={f":_{name}": value for name, value in zip(guarded, guards, strict=True)},
                ReturnValues="ALL_OLD" if form.returning else "NONE",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            raise Refused(None) from None
        row: Item | None = reply.get("Attributes")
        return row

    async def _single(self, write: _Write) -> None:
        try:
            row = await self.alone(write.form, write.pk, write.values, write.guards)
        except Exception as error:
            if not write.done.done():
                write.done.set_exception(error)
        else:
            if not write.done.done():
                write.done.set_result(row)


_SK = {"S": SORT_KEY}


def _answered(write: _Write, answer: dict[str, Any]) -> bool:
    """Hands a statement's answer to whoever waits for it; False if the statement should be sent again."""
    error = answer.get("Error")
    if error is not None and error["Code"] in PASSING:
        return False
    if not write.done.done():
        if error is None:
            write.done.set_result(answer.get("Item"))
        elif error["Code"] == "ConditionalCheckFailed":
            write.done.set_exception(Refused(error.get("Item")))
        else:
            write.done.set_exception(ClientError({"Error": dict(error)}, "BatchExecuteStatement"))
    return True


def _unknown(error: ClientError) -> bool:
    """Whether an endpoint's first answer means that it cannot do such batches, and not that it is busy."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    # moto's server answers with a page of HTML, from which botocore makes the code "500".
    return code_of(error) in ("UnknownOperationException", "NotImplemented", "501", "500") or status == 501


@lru_cache(maxsize=256)
def _statement(table: str, form: Form) -> str:
    """The form as PartiQL: names from this package, all values as parameters."""
    guards = "".join(f' AND "{name}"{how}?' for name, how in form.guards)
    if not form.sets:
        returning = " RETURNING ALL OLD *" if form.returning else ""
        return f'DELETE FROM "{table}" WHERE "pk"=? AND "sk"=?{guards}{returning}'  # noqa: S608
    sets = [f'"{name}"=?' for name in form.sets]
    if form.adds:
        sets.append(f'"{form.adds}"="{form.adds}"+?')
    returning = " RETURNING ALL NEW *" if form.returning else ""
    return f'UPDATE "{table}" SET {",".join(sets)} WHERE "pk"=? AND "sk"=?{guards}{returning}'  # noqa: S608
