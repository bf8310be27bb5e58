"""Queue for scripts and other code without an event loop: each call blocks until it is done.

A loop runs in a thread of its own, and every method is Queue's own, handed over to it. Nothing is written twice, so
the two cannot drift apart.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from queues.catalog import load
from queues.clients import connect
from queues.control.admin import Admin
from queues.errors import Misconfigured
from queues.events.event import Event
from queues.flows.flows import Flows
from queues.queue import Queue
from queues.runtime import assemble
from queues.schedules.schedules import Schedules
from queues.settings import Settings, read_settings
from queues.webhooks.webhooks import Webhooks

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Opener = Callable[[], AbstractAsyncContextManager[Queue]]


class _Runs(Protocol[T_co]):
    """What has a loop for the calls of a Queue, or of its schedules."""

    def run(self, call: Callable[[T_co], Coroutine[Any, Any, R]]) -> R: ...


class _Blocking(Generic[T, P, R]):
    """A method of Queue, or of its schedules, that answers its result instead of a coroutine."""

    def __init__(self, method: Callable[Concatenate[T, P], Coroutine[Any, Any, R]]):
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, instance: None, owner: type[_Runs[T]]) -> Self: ...
    @overload
    def __get__(self, instance: _Runs[T], owner: type[_Runs[T]]) -> Callable[P, R]: ...
    def __get__(self, instance: _Runs[T] | None, owner: type[_Runs[T]]) -> Self | Callable[P, R]:
        if instance is None:
            return self

        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            # By its name, so that a Queue with a method of its own is heard.
            result: R = instance.run(lambda inner: getattr(inner, self._method.__name__)(*args, **kwargs))
            return result

        call.__doc__ = self.__doc__
        return call


@dataclass(frozen=True, slots=True)
class _Open:
    """What there is between entering and leaving."""

    queue: Queue
    loop: asyncio.AbstractEventLoop
    close: asyncio.Event


class _Part(Generic[T]):
    """A part of a BlockingQueue, such as its schedules; `of` finds it in the Queue behind that."""

    def __init__(self, queue: BlockingQueue, of: Callable[[Queue], T]):
        self._queue, self._of = queue, of

    def run(self, call: Callable[[T], Coroutine[Any, Any, R]]) -> R:
        """What a call of the part comes to on the queue's loop."""
        return self._queue.run(lambda queue: call(self._of(queue)))


class BlockingSchedules(_Part[Schedules]):
    """The schedules of a BlockingQueue; its methods are those of Schedules."""

    create = _Blocking(Schedules.create)
    add = _Blocking(Schedules.add)
    get = _Blocking(Schedules.get)
    list = _Blocking(Schedules.list)
    update = _Blocking(Schedules.update)
    put = _Blocking(Schedules.put)
    pause = _Blocking(Schedules.pause)
    resume = _Blocking(Schedules.resume)
    delete = _Blocking(Schedules.delete)
    run_now = _Blocking(Schedules.run_now)
    next_runs = _Blocking(Schedules.next_runs)
    last_runs = _Blocking(Schedules.last_runs)


class BlockingFlows(_Part[Flows]):
    """The flows of a BlockingQueue; its methods are those of Flows."""

    start = _Blocking(Flows.start)
    get = _Blocking(Flows.get)
    list = _Blocking(Flows.list)
    steps = _Blocking(Flows.steps)
    wait = _Blocking(Flows.wait)
    cancel = _Blocking(Flows.cancel)
    retry = _Blocking(Flows.retry)


class BlockingWebhooks(_Part[Webhooks]):
    """The webhooks of a BlockingQueue; its methods are those of Webhooks."""

    create = _Blocking(Webhooks.create)
    list = _Blocking(Webhooks.list)
    get = _Blocking(Webhooks.get)
    rotate = _Blocking(Webhooks.rotate)
    delete = _Blocking(Webhooks.delete)


class BlockingAdmin(_Part[Admin]):
    """What reaches beyond a BlockingQueue's tenant; its methods are those of Admin."""

    known = _Blocking(Admin.known)
    retry_many = _Blocking(Admin.retry_many)
    discard_many = _Blocking(Admin.discard_many)
    count_failed = _Blocking(Admin.count_failed)
    operations = _Blocking(Admin.operations)
    operation = _Blocking(Admin.operation)
    call_off = _Blocking(Admin.call_off)


class BlockingQueue:
    """`with BlockingQueue() as queue: queue.enqueue("hello", {"name": "Ada"})`; its methods are those of Queue.

    It works on `AWS_ENDPOINT_URL`, or on AWS if that is not set; the embedded AWS of a running `jobyard up` is at
    `http://127.0.0.1:4566`. Several threads may share one. Callbacks (`on_progress`) run in the loop's thread.
    """

    def __init__(self, settings: Settings | None = None, *, tenant: str = "default", opener: Opener | None = None):
        """`settings` are the environment's if none are given; `opener` makes the Queue in another way."""
        self._opener = opener or (lambda: open_queue(settings if settings is not None else read_settings(), tenant))
        self._open: _Open | None = None
        self._thread: threading.Thread | None = None

    enqueue = _Blocking(Queue.enqueue)  # type: ignore[arg-type] # its **overrides might hold a `self`, says mypy
    enqueue_many = _Blocking(Queue.enqueue_many)
    run_task = _Blocking(Queue.run_task)
    transaction_items = _Blocking(Queue.transaction_items)  # type: ignore[arg-type] # as with enqueue
    transaction_items_many = _Blocking(Queue.transaction_items_many)
    relay = _Blocking(Queue.relay)
    get = _Blocking(Queue.get)
    why = _Blocking(Queue.why)
    list = _Blocking(Queue.list)
    wait = _Blocking(Queue.wait)
    cancel = _Blocking(Queue.cancel)
    retry = _Blocking(Queue.retry)
    reschedule = _Blocking(Queue.reschedule)
    replay = _Blocking(Queue.replay)
    discard = _Blocking(Queue.discard)
    delete = _Blocking(Queue.delete)
    retry_many = _Blocking(Queue.retry_many)
    discard_many = _Blocking(Queue.discard_many)
    purge = _Blocking(Queue.purge)
    count_failed = _Blocking(Queue.count_failed)
    operations = _Blocking(Queue.operations)
    operation = _Blocking(Queue.operation)
    call_off = _Blocking(Queue.call_off)
    pause = _Blocking(Queue.pause)
    resume = _Blocking(Queue.resume)
    paused = _Blocking(Queue.paused)
    counts = _Blocking(Queue.counts)
    workers = _Blocking(Queue.workers)
    dead_letters = _Blocking(Queue.dead_letters)
    audit = _Blocking(Queue.audit)

    def events(self, job_id: str, *, after: str | None = None) -> Iterator[Event]:
        """What happens to a job, as it happens, up to its end: see Queue.events."""
        source = self.run(lambda queue: _begun(queue.events(job_id, after=after)))
        try:
            while (event := self.run(lambda _: _next(source))) is not None:
                yield event
        finally:
            # One that is left half read may outlive the queue.
            with suppress(Misconfigured):
                self.run(lambda _: source.aclose())

    @property
    def schedules(self) -> BlockingSchedules:
        """Its tenant's schedules, by which jobs come again and again."""
        return BlockingSchedules(self, lambda queue: queue.schedules)

    @property
    def flows(self) -> BlockingFlows:
        """Its tenant's flows: jobs that belong together."""
        return BlockingFlows(self, lambda queue: queue.flows)

    @property
    def webhooks(self) -> BlockingWebhooks:
        """Its tenant's webhooks, which tell other services what happens to jobs."""
        return BlockingWebhooks(self, lambda queue: queue.webhooks)

    @property
    def admin(self) -> BlockingAdmin:
        """What reaches beyond its tenant: failed jobs of others, and everybody's operations."""
        return BlockingAdmin(self, lambda queue: queue.admin)

    def __enter__(self) -> Self:
        opened: Future[_Open] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live(opened)), name="jobyard", daemon=True)
        self._thread.start()
        self._open = opened.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        opened, self._open = self._open, None
        if opened is not None and self._thread is not None:
            opened.loop.call_soon_threadsafe(opened.close.set)
            self._thread.join()

    def run(self, call: Callable[[Queue], Coroutine[Any, Any, R]]) -> R:
        """What `call(queue)` comes to on the loop; for several steps in one go. Ctrl-C cancels it."""
        if self._open is None:
            raise Misconfigured("the queue is not open; use it as `with BlockingQueue() as queue:`")
        future = asyncio.run_coroutine_threadsafe(call(self._open.queue), self._open.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def _live(self, opened: Future[_Open]) -> None:
        try:
            async with self._opener() as queue:
                close = asyncio.Event()
                opened.set_result(_Open(queue, asyncio.get_running_loop(), close))
                await close.wait()
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)


async def _begun(source: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    return source


async def _next(source: AsyncIterator[Event]) -> Event | None:
    return await anext(source, None)


@asynccontextmanager
async def open_queue(settings: Settings, tenant: str = "default") -> AsyncIterator[Queue]:
    """A Queue of the settings' AWS, or of their AWS-compatible endpoint; its connections are closed at the end."""
    async with connect(settings) as clients:
        runtime = assemble(clients, load(settings.jobs), settings)
        try:
            yield runtime.queue.for_tenant(tenant)
        finally:
            await runtime.close()
