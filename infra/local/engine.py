"""The embedded AWS: every call of every service, run against one SQLite file by one process.

How a call runs. `call()` checks the parameters, queues the call and returns to the event loop. A few loop turns
later `_flush` runs all calls that are waiting in ONE transaction and commits once: half the cost of a small write is
its commit, so calls that come together share it (group commit). Only after the commit are callers answered, so
what was acknowledged is on file.

Why on the loop thread and not on one of its own: a thread gives up the GIL in each SQLite statement and, while
the loop computes, waits up to a switch interval (5 ms) to get it back. Statements take microseconds.

Why no savepoint per call: an operation checks everything before it writes, so an `AwsError` leaves nothing to
undo. Should anything else be raised (a full disk, a bug), the group is rolled back and each of its calls runs
again alone, so that it hurts no other.
"""

import asyncio
import importlib
import logging
import random as random_module
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local import model
from infra.local.call import Call, Outcome
from infra.local.checkpoint import Checkpointer
from infra.local.db import Fsync, open_database
from infra.local.errors import AwsError
from infra.local.failures import internal_error
from infra.local.ids import id_maker
from infra.local.lock import own
from infra.local.parking import Parking
from infra.local.request import Errand, Later, Operation, Request, Wait
from infra.local.setback import Setbacks
from infra.local.sweeper import Sweeper
from infra.local.ticker import Ticker
from queues.clock import Clock, system_clock

if TYPE_CHECKING:
    from infra.local.clients import DirectClient
    from infra.local.lambda_.functions import Function

log = logging.getLogger(__name__)

#: The services that the engine has, and the package of each: SCHEMA, OPERATIONS, perhaps `sweep`, `tick`, `set_back`.
SERVICES = {
    "sqs": "infra.local.sqs",
    "dynamodb": "infra.local.dynamodb",
    "scheduler": "infra.local.scheduler",
    "cloudwatch": "infra.local.cloudwatch",
    "lambda": "infra.local.lambda_",
    "sts": "infra.local.sts",
}

#: Loop turns from the first call of a group to its flush. Work that runs side by side asks in neighbouring turns:
#: with three, a busy runner makes a third of the commits; an idle loop passes them in ten microseconds.
GATHER_TURNS = 3

#: Calls run in one flush at most, so that the loop gets its turn every few milliseconds.
GROUP_LIMIT = 128

#: What a reply says of its transport; shared by all, so not to be written to.
METADATA = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"
DEFAULT_ENDPOINT = "http://127.0.0.1:4566"


class Engine:
    """Opens the database at `path` (None: in memory); raises an `EngineError` that says what to do.

    `scheduler_precision`: milliseconds within which a schedule without a window fires, from when it is due.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        clock: Clock = system_clock,
        account: str = DEFAULT_ACCOUNT,
        random: random_module.Random | None = None,
        fsync: Fsync = "normal",
        scheduler_precision: int = 0,
    ):
        self.account = account
        self._clock = clock
        #: Makes UUID-shaped strings from the injected randomness.
        self.new_id = id_maker(random or random_module.Random())  # noqa: S311 (ids, not secrets)
        #: The Lambda functions that this process can run, by name; whoever runs the engine puts them here.
        self.functions: dict[str, Function] = {}
        services = {name: importlib.import_module(package) for name, package in SERVICES.items()}
        self._operations: dict[str, dict[str, Operation]] = {
            name: service.OPERATIONS for name, service in services.items()
        }
        self._lock = None if path is None else own(path)
        try:
            self._db = open_database(path, [service.SCHEMA for service in services.values()], fsync)
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise
        self._checkpointer = None if path is None else Checkpointer(path, self._hold, self._release)
        self._cache: dict[Any, Any] = {}
        self._queue: deque[Call] = deque()
        self._parking: Parking[Call] = Parking(self._resume)
        self._woken: set[Hashable] = set()
        self._after_commit: list[Callable[[], None]] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._flush_due = False
        self._held = False
        self._closed = False
        self._request = Request(
            self._db,
            0,
            DEFAULT_REGION,
            account,
            DEFAULT_ENDPOINT,
            self.new_id,
            self._after_commit.append,
            self._woken.add,
            0,
            self._cache,
            self._alarm,
            self._spawn,
            self.functions,
            precision=scheduler_precision,
        )
        self._sweeper = Sweeper(services.values(), self._submit_inside)
        self._ticker = Ticker(services.values(), self._submit_inside, clock)
        self._setbacks = Setbacks(services.values(), clock)

    # The way in

    async def call(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        *,
        region: str = DEFAULT_REGION,
        endpoint: str = DEFAULT_ENDPOINT,
        checked: bool = True,
    ) -> dict[str, Any]:
        """Run one operation and answer what a botocore client would.

        Raises `botocore.exceptions.ClientError`, and `ParamValidationError` for parameters of the wrong shape, unless
        `checked` is false: that spares a caller whose requests are known to be sound what it would cost to look. Its
        batches name nothing twice, its values are in the form that the tables hold, and neither they nor what they
        come back in is changed afterwards.
        """
        try:
            run = self._find(service, operation)
            if checked:
                model.check(service, operation, params)
            reply = await self._submit(run, params, region, endpoint, trusted=not checked)
        except AwsError as error:
            raise error.to_client_error(operation, service) from None
        reply["ResponseMetadata"] = METADATA
        return reply

    def run(
        self, service: str, operation: str, params: dict[str, Any], region: str, endpoint: str
    ) -> asyncio.Future[dict[str, Any]]:
        """As `call`, for a door that has checked the parameters itself: raises `AwsError`, adds no metadata."""
        return self._submit(self._find(service, operation), params, region, endpoint)

    def check_supported(self, service: str, operation: str) -> None:
        """`AwsError`, which names the operation, if it is not one of the engine's."""
        self._find(service, operation)

    def now(self) -> int:
        """Epoch milliseconds by the engine's clock."""
        return self._clock()

    def client(self, service: str, *, region: str = DEFAULT_REGION, checked: bool = True) -> "DirectClient":
        """A client with aiobotocore's signatures that calls this engine directly; see `call` for `checked`."""
        from infra.local.clients import DirectClient

        return DirectClient(self, service, region, checked=checked)

    async def submit(self, run: Operation, params: dict[str, Any]) -> dict[str, Any]:
        """Run an operation that is no service's, for a part of this process that works on the engine's tables."""
        if self._closed:
            raise AwsError("ServiceUnavailable", "The embedded AWS is closed.", status=503)
        return await self._submit_inside(run, params)

    def _find(self, service: str, operation: str) -> Operation:
        try:
            return self._operations[service][operation]
        except KeyError:
            raise AwsError(
                "UnknownOperationException", f"The embedded AWS does not support {service}:{operation}."
            ) from None

    def _submit(
        self, run: Operation, params: dict[str, Any], region: str, endpoint: str, *, trusted: bool = False
    ) -> asyncio.Future[dict[str, Any]]:
        if self._closed:
            raise AwsError("ServiceUnavailable", "The embedded AWS is closed.", status=503)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._queue.append(Call(run, params, region, endpoint, future, trusted))
        self._schedule()
        self._sweeper.wind()
        self._ticker.start()
        return future

    def _submit_inside(self, run: Operation, params: dict[str, Any] | None = None) -> asyncio.Future[dict[str, Any]]:
        """Queue work of the engine's own."""
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._queue.append(Call(run, params or {}, DEFAULT_REGION, DEFAULT_ENDPOINT, future))
        self._schedule()
        return future

    # One flush for all that wait

    def _schedule(self) -> None:
        if not self._flush_due and not self._held:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._gather, GATHER_TURNS)

    def _gather(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._gather, turns - 1)
        else:
            self._flush()

    def _flush(self) -> None:
        self._flush_due = False
        queue = self._queue
        if self._held or not queue:
            return
        if back := self._setbacks.noticed():
            self._set_back(back)
        group = [queue.popleft() for _ in range(min(len(queue), GROUP_LIMIT))]
        if queue:
            self._schedule()
        try:
            outcomes = self._transaction(group)
        except Exception:
            outcomes = [self._alone(call) for call in group]
        for call, outcome in zip(group, outcomes, strict=True):
            self._answer(call, outcome)
        self._settle_down()

    def _transaction(self, calls: list[Call]) -> list[Outcome]:
        """Run calls in one transaction and commit; when this raises, none of them has happened."""
        db = self._db
        now = self._clock()
        try:
            db.execute("BEGIN")
            outcomes = [self._run(call, now) for call in calls]
            db.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        return outcomes

    def _run(self, call: Call, now: int) -> Outcome:
        if not call.arrived:
            call.arrived = now
        if call.future.done():
            return {}  # cancelled by its caller before it ran
        # One object for all calls: it is only good while the operation runs.
        request = self._request
        request.now, request.region, request.endpoint, request.arrived = now, call.region, call.endpoint, call.arrived
        request.trusted = call.trusted
        try:
            return call.run(request, call.params)
        except AwsError as error:
            return error

    def _alone(self, call: Call) -> Outcome:
        try:
            return self._transaction([call])[0]
        except Exception as error:
            return internal_error(error)

    def _roll_back(self) -> None:
        self._cache.clear()
        self._woken.clear()
        self._after_commit.clear()
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _answer(self, call: Call, outcome: Outcome) -> None:
        if isinstance(outcome, Wait):
            if not self._closed:
                now = self._clock()
                due = None if outcome.due is None else max(outcome.due - now, 1) / 1000
                self._parking.park(call, outcome.key, due=due, deadline=max(outcome.deadline - now, 1) / 1000)
                call.key = outcome.key
                return
            outcome = {}
        if call.parked:
            self._woken.add(call.key)
        if call.future.done():
            return
        if isinstance(outcome, Exception):
            call.future.set_exception(outcome)
        elif isinstance(outcome, Later):
            self._start(_answer_later(outcome, call.future))
        else:
            call.future.set_result(outcome)

    def _settle_down(self) -> None:
        """What follows a commit: callbacks, wakes, and a thought for the log."""
        if self._after_commit:
            callbacks = self._after_commit.copy()
            self._after_commit.clear()
            for callback in callbacks:
                callback()
        if self._woken:
            woken = self._woken.copy()
            self._woken.clear()
            for key in woken:
                self._parking.wake(key)
        if self._checkpointer is not None:
            self._checkpointer.committed()

    def _set_back(self, back: int) -> None:
        """The clock was set back by that many milliseconds: that comes before whatever else is to be done."""
        self._setbacks.move((*self._queue, *self._parking), back)
        self._submit_inside(self._setbacks.run, {"back": back}).add_done_callback(self._setbacks.moved)
        self._queue.rotate()  # the last comes first
        self._ticker.alarm(self._clock())

    def _resume(self, call: Call) -> None:
        self._queue.append(call)
        self._schedule()

    # What is not done inside a transaction

    def _alarm(self, at: int) -> None:
        self._ticker.alarm(at)

    def _spawn(self, errand: Errand) -> None:
        self._after_commit.append(lambda: self._start(errand(self._submit_inside)))

    def _start(self, work: Awaitable[None]) -> None:
        if not self._closed:
            task = asyncio.ensure_future(work)
            self._errands.add(task)
            task.add_done_callback(self._errand_done)

    def _errand_done(self, task: asyncio.Task[None]) -> None:
        self._errands.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work in the background failed", exc_info=error)

    # While the log is copied to its end

    def _hold(self) -> None:
        self._held = True

    def _release(self) -> None:
        self._held = False
        if self._queue:
            self._schedule()

    # The end

    async def close(self) -> None:
        """Answer what is waiting (long polls come back empty), then close the file. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._sweeper.stop()
        self._ticker.stop()
        for task in self._errands:
            task.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        for call in self._parking.empty():
            self._resume(call)
        if self._checkpointer is not None:
            await self._checkpointer.finish()
        while self._queue:
            self._flush()
        if self._checkpointer is not None:
            await self._checkpointer.close()
        self._db.close()
        if self._lock is not None:
            self._lock.release()


async def _answer_later(answer: Later, future: asyncio.Future[dict[str, Any]]) -> None:
    try:
        reply = await answer.run()
    except asyncio.CancelledError:
        future.cancel()
        raise
    except Exception as error:
        if not future.done():
            future.set_exception(error if isinstance(error, AwsError) else internal_error(error))
    else:
        if not future.done():
            future.set_result(reply)
