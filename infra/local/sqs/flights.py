"""Which messages of a fair queue are in flight, and of which tenants: what tells a noisy tenant from a quiet one.

Kept in memory, since it changes with every receive and can be read from the tables again. A message leaves when
it is deleted or shown, or when its visibility timeout ends, which is nobody's call: `pass_time` catches up with it.
"""

import heapq

from infra.local.request import Request
from infra.local.sqs.limits import NOISY_LEAST, NOISY_SHARE

#: The messages of a queue in flight that have no tenant, and those that have one.
SINGLES = """
SELECT id, NULL, visible_at FROM sqs_messages INDEXED BY sqs_messages_due
WHERE queue = ? AND tenant IS NULL AND visible_at > ? AND receives > 0
"""
TENANTS = """
SELECT message.id, tenant, visible_at
FROM sqs_groups AS groups CROSS JOIN sqs_messages AS message ON tenant = groups.id
WHERE groups.queue = ? AND visible_at > ? AND receives > 0
"""
#: Ends of flights that are kept beyond those that count, before they are cleared away.
SPARE_ENDS = 1_000


class Flights:
    """The messages in flight of one queue."""

    def __init__(self) -> None:
        #: Row id -> tenant and when the flight ends.
        self._flying: dict[int, tuple[int | None, int]] = {}
        #: A heap of (end, row id); those that no longer hold are passed over.
        self._ends: list[tuple[int, int]] = []
        self._of_tenant: dict[int, int] = {}
        #: Tenants with enough in flight to be noisy.
        self._loud: set[int] = set()

    def hide(self, row_id: int, tenant: int | None, until: int) -> None:
        """The message is in flight until that time, in epoch milliseconds."""
        self.show(row_id)
        self._flying[row_id] = (tenant, until)
        heapq.heappush(self._ends, (until, row_id))
        if len(self._ends) > 2 * len(self._flying) + SPARE_ENDS:
            self._ends = [(end, flying) for flying, (_, end) in self._flying.items()]
            heapq.heapify(self._ends)
        if tenant is not None:
            count = self._of_tenant[tenant] = self._of_tenant.get(tenant, 0) + 1
            if count == NOISY_LEAST:
                self._loud.add(tenant)

    def show(self, row_id: int) -> None:
        """The message is not, or no longer, in flight."""
        tenant, _ = self._flying.pop(row_id, (None, 0))
        if tenant is None:
            return
        count = self._of_tenant[tenant] - 1
        if count:
            self._of_tenant[tenant] = count
        else:
            del self._of_tenant[tenant]
        if count == NOISY_LEAST - 1:
            self._loud.discard(tenant)

    def pass_time(self, now: int) -> None:
        """Let the flights end that have lasted until now."""
        while self._ends and self._ends[0][0] <= now:
            end, row_id = heapq.heappop(self._ends)
            if self._flying.get(row_id, (None, 0))[1] == end:
                self.show(row_id)

    def noisy(self) -> list[int]:
        """The tenants with more than their share in flight, the one with the fewest first."""
        fewest = len(self._flying) * NOISY_SHARE
        noisy = [tenant for tenant in self._loud if self._of_tenant[tenant] > fewest]
        return sorted(noisy, key=lambda tenant: (self._of_tenant[tenant], tenant))


def flights_of(request: Request, queue: int) -> Flights:
    """The flights of the queue with that number as they are now."""
    known = known_flights(request)
    flights = known.get(queue)
    if flights is None:
        flights = known[queue] = Flights()
        for statement in (SINGLES, TENANTS):
            for row_id, tenant, until in request.db.execute(statement, (queue, request.now)):
                flights.hide(row_id, tenant, until)
    flights.pass_time(request.now)
    return flights


def known_flights(request: Request) -> dict[int, Flights]:
    """Those that are in memory, by queue number."""
    known: dict[int, Flights] = request.cache.setdefault("sqs-flights", {})
    return known
