"""An artifact store in memory, for tests in virtual time, where no thread may be waited for."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

from queues.artifacts.reference import Reference, folder_of
from queues.artifacts.store import Artifacts
from queues.clock import Clock
from queues.errors import ArtifactLost
from queues.limits import MAX_ARTIFACT_BYTES


class Shelf(Artifacts):
    """Counts its calls, and fails as it is told: before a call, or after it."""

    def __init__(self, clock: Clock) -> None:
        self.url, self.local, self.limit = "file:///shelf", True, MAX_ARTIFACT_BYTES
        self.held: dict[str, tuple[bytes, int]] = {}
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._before: dict[str, list[BaseException]] = {}
        self._after: dict[str, list[BaseException]] = {}

    def fail(self, name: str, *errors: BaseException, after: bool = False) -> None:
        (self._after if after else self._before).setdefault(name, []).extend(errors)

    def _meet(self, name: str, errors: dict[str, list[BaseException]]) -> None:
        if errors.get(name):
            raise errors[name].pop(0)

    async def put(self, tenant: str, job_id: str, text: str) -> Reference:
        self.calls["put"] += 1
        self._meet("put", self._before)
        key = f"{folder_of(tenant, job_id)}{self.calls['put']:032x}"
        self.held[key] = (text.encode(), self._clock())
        self._meet("put", self._after)
        return Reference.to(key, text.encode())

    async def get(self, tenant: str, job_id: str, reference: Reference) -> str:
        self.calls["get"] += 1
        self._meet("get", self._before)
        if reference.key not in self.held or not reference.key.startswith(folder_of(tenant, job_id)):
            raise ArtifactLost(reference.key, "is not on the shelf")
        return reference.check(self.held[reference.key][0])

    async def remove(self, key: str) -> None:
        self.calls["remove"] += 1
        self._meet("remove", self._before)
        self.held.pop(key, None)

    async def all(self) -> AsyncIterator[tuple[str, int]]:
        self.calls["all"] += 1
        for key, (_, written) in list(self.held.items()):
            yield key, written

    async def close(self) -> None:
        """There is no connection."""
