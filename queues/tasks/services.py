"""Services, whose methods can be run as tasks: objects that a process makes once, when the first of their tasks runs.

A method is looked up in the service's class, not in the object: what the object merely holds (a client, a connection)
and what `__getattr__` would make up has no name here, and no property is read by looking.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from queues.tasks.names import Method, check_service

_SERVICES: dict[str, Service] = {}


@dataclass(slots=True)
class Service:
    """One service: how to make it, and which of its methods may be called."""

    name: str
    factory: Callable[[], Any]
    #: None: all public ones.
    methods: frozenset[str] | None
    _made: list[Any] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def owner(self) -> type | None:
        """The service's class as far as can be told without making one."""
        if isinstance(self.factory, type):
            return self.factory
        try:
            declared = get_type_hints(self.factory).get("return")
        except (TypeError, NameError):
            return None
        # `Any` is a class, and says nothing.
        return declared if isinstance(declared, type) and declared is not Any else None

    def make(self) -> Any:
        """The process's one object."""
        with self._lock:
            if not self._made:
                self._made.append(self.factory())
            return self._made[0]

    def signature(self, method: str) -> inspect.Signature | None:
        """What a method takes; None if that cannot be told without making the service. ValueError: no such method."""
        self._check_listed(method)
        if self.owner is None:
            return None
        found = self._in_class(self.owner, method)
        signature = inspect.signature(getattr(self.owner, method))
        if isinstance(found, staticmethod | classmethod):
            return signature
        return signature.replace(parameters=list(signature.parameters.values())[1:])

    def bound(self, method: str) -> Callable[..., Any]:
        """The method of the process's object; ValueError if it has none of that name."""
        self._check_listed(method)
        service = self.make()
        self._in_class(type(service), method)
        bound: Callable[..., Any] = getattr(service, method)
        return bound

    def _check_listed(self, method: str) -> None:
        if self.methods is not None and method not in self.methods:
            listed = ", ".join(sorted(self.methods)) or "nothing"
            raise ValueError(f"the service {self.name!r} lets {listed} be called, not {method!r}")

    def _in_class(self, owner: type, method: str) -> Any:
        found = inspect.getattr_static(owner, method, None)
        if not isinstance(found, staticmethod | classmethod) and not inspect.isroutine(found):
            raise ValueError(f"the service {self.name!r} has no method {method!r}")
        return found


def register_service(name: str, factory: Callable[[], Any], *, methods: Iterable[str] | None = None) -> None:
    """Lets the public methods of a service be run as tasks, by the names `NAME.method`; or only those in `methods`.

    `factory` is its class, or a function that makes one, called once in each process when it is needed. It must be
    registered wherever tasks are enqueued or run: name the module that does it in `JOBYARD_JOBS`. ValueError for a name
    that is taken by another factory, and for one that is none.
    """
    there = _SERVICES.get(check_service(name))
    if there is not None and there.factory is not factory:
        raise ValueError(f"there is another service {name!r}; choose another name")
    _SERVICES[name] = Service(name, factory, None if methods is None else frozenset(methods))


def find_service(method: Method) -> Service:
    """The service of a method; ValueError names those that there are."""
    found = _SERVICES.get(method.service)
    if found is None:
        known = f"there is {', '.join(sorted(_SERVICES))}" if _SERVICES else "call register_service in a job module"
        raise ValueError(f"no service {method.service!r} is registered; {known}")
    return found
