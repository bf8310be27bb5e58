"""Queue for scripts and other code without an event loop: each call blocks until it is done.

A loop runs in a thread of its own, and every method is Queue's own, handed over to it. Nothing is written twice, so
the two cannot drift apart.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from queues.clients import connect
from queues.errors import Misconfigured
from queues.jobtype import load
from queues.queue import Queue
from queues.runtime import assemble
from queues.settings import Settings, read_settings

P = ParamSpec("P")
R = TypeVar("R")
Opener = Callable[[], AbstractAsyncContextManager[Queue]]


class _Blocking(Generic[P, R]):
    """A method of Queue that answers its result instead of a coroutine."""

    def __init__(self, method: Callable[Concatenate[Queue, P], Coroutine[Any, Any, R]]):
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, instance: None, owner: type[BlockingQueue]) -> Self: ...
    @overload
    def __get__(self, instance: BlockingQueue, owner: type[BlockingQueue]) -> Callable[P, R]: ...
    def __get__(self, instance: BlockingQueue | None, owner: type[BlockingQueue]) -> Self | Callable[P, R]:
        if instance is None:
            return self

        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            # By its name, so that a Queue with a method of its own is heard.
            result: R = instance.run(lambda queue: getattr(queue, self._method.__name__)(*args, **kwargs))
            return result

        call.__doc__ = self.__doc__
        return call


@dataclass(frozen=True, slots=True)
class _Open:
    """What there is between entering and leaving."""

    queue: Queue
    loop: asyncio.AbstractEventLoop
    close: asyncio.Event


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
    get = _Blocking(Queue.get)
    list = _Blocking(Queue.list)
    wait = _Blocking(Queue.wait)
    cancel = _Blocking(Queue.cancel)
    retry = _Blocking(Queue.retry)
    counts = _Blocking(Queue.counts)
    dead_letters = _Blocking(Queue.dead_letters)

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


@asynccontextmanager
async def open_queue(settings: Settings, tenant: str = "default") -> AsyncIterator[Queue]:
    """A Queue of the settings' AWS, or of their AWS-compatible endpoint; its connections are closed at the end."""
    async with connect(settings) as clients:
        runtime = assemble(clients, load(settings.jobs), settings)
        try:
            yield runtime.queue.for_tenant(tenant)
        finally:
            await runtime.close()
