"""The job types of a deployment, by name, and how they are found: in the modules that `JOBYARD_JOBS` names."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from queues.encryption.rule import all_names
from queues.errors import Misconfigured, UnknownJobType
from queues.jobtype import JobType


class Catalog:
    """The job types of a deployment, by name."""

    def __init__(self, types: Iterable[JobType[Any, Any]]):
        self._types: dict[str, JobType[Any, Any]] = {}
        for job_type in types:
            other = self._types.setdefault(job_type.name, job_type)
            if other is not job_type:
                raise Misconfigured(f"two functions call themselves job type {job_type.name!r}")
        self._levels = {
            name: levels for name, one in self._types.items() if (levels := one.options.priorities) is not None
        }

    def get(self, name: str) -> JobType[Any, Any]:
        """The type of that name, or UnknownJobType with the nearest name that exists."""
        found = self._types.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self._types, n=1)
            raise UnknownJobType(name, near[0] if near else None, self.names)
        return found

    def queue_of(self, name: str, priority: int) -> str:
        """The queue of a type's jobs of that priority, as Settings.queue takes it.

        That of the type itself, but for types with levels (and for types that are not there any more).
        """
        levels = self._levels.get(name)
        return name if levels is None else levels.queue(name, levels.of(priority))

    def queues_of(self, name: str) -> list[str]:
        """All queues of a type, the most urgent first."""
        levels = self._levels.get(name)
        return [name] if levels is None else [levels.queue(name, level) for level in levels]

    @property
    def names(self) -> list[str]:
        """All names in alphabetical order."""
        return sorted(self._types)

    @property
    def sensitive(self) -> dict[str, frozenset[str]]:
        """Of each sensitive type the fields that are encrypted; none: all that its jobs take, give and say."""
        found = {}
        for job_type in self:
            fields = job_type.options.sensitive
            if fields is not False:
                found[job_type.name] = frozenset() if fields is True else all_names(fields, job_type.model)
        return found

    def __iter__(self) -> Iterator[JobType[Any, Any]]:
        return (self._types[name] for name in self.names)

    def __len__(self) -> int:
        return len(self._types)


def load(modules: Sequence[str]) -> Catalog:
    """Imports the modules and collects the job types found in them; Misconfigured if one cannot be imported."""
    types: dict[int, JobType[Any, Any]] = {}
    for name in modules:
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            raise Misconfigured(f"JOBYARD_JOBS names {name!r}, which cannot be imported: {error}") from error
        for value in vars(module).values():
            if isinstance(value, JobType):
                types[id(value)] = value
    return Catalog(types.values())
