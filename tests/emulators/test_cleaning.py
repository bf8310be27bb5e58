"""The cleaner removes what is one too many, and what is overdue, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

from infra.clean import clean, history
from infra.doctor.reading.clients import Where
from queues import NewJob, Status, job
from queues.cleaning.cleaner import cleaner_of
from queues.cleaning.rule import FRESH, OVERDUE
from queues.cleaning.run import Cleaned, End
from queues.clock import system_clock
from queues.job_options import KEEP_COMPLETED
from queues.settings import read_settings
from tests.emulators.place import JOBS, Place
from tests.emulators.process import Deployment


async def cleaned(place: Place, later: float, *, dry_run: bool = False) -> Cleaned:
    """A round as it would be so many milliseconds later."""
    settings = read_settings(jobs=("tests.emulators.keeping_jobs",), aws_endpoint_url=None)
    where = Where(place.endpoint, own=True)
    done = await clean(settings, where, dry_run=dry_run, clock=lambda: system_clock() + round(later))
    assert done is not None
    return done


def a_minute_later() -> int:
    return system_clock() + FRESH


async def test_the_newest_stays_until_it_is_overdue(place: Place) -> None:
    made = [place.enqueue("hello", {"name": name}) for name in ("Ada", "Bob")]
    for one in made:
        place.ended(one["id"])
    last = place.enqueue("hello", {"name": "Cyd"})
    place.ended(last["id"])
    counted = await cleaned(place, FRESH, dry_run=True)
    assert counted.types["hello"] >= 2
    assert (await cleaned(place, FRESH)).types == counted.types
    found = [place.api.get(f"{JOBS}/{one['id']}").status_code for one in (*made, last)]
    assert found == [404, 404, 200]
    assert (await cleaned(place, FRESH)).types == {}
    last_run, removed, *_ = await history(read_settings(), Where(place.endpoint, own=True), 9, clock=a_minute_later)
    assert [run.end for run in (last_run, removed)] == [End.DONE, End.DONE]
    assert (last_run.by_hand, removed.done.types) == (True, counted.types)
    assert (await cleaned(place, KEEP_COMPLETED * 1000 + OVERDUE + FRESH)).overdue >= 1
    assert place.api.get(f"{JOBS}/{last['id']}").status_code == 404


async def test_completed_and_failed_are_kept_apart(deployment: Deployment) -> None:
    @job("kept", attempts=1, max_completed=1, max_failed=2)
    async def kept(data: dict[str, Any]) -> None:
        if data["bad"]:
            raise ConnectionError("no")

    process = await deployment.process(kept)
    queue = process.runtime.queue
    left_to_run = len(await queue.enqueue_many([NewJob("kept", {"bad": bad}) for bad in (True, False) * 4]))
    while left_to_run:
        left_to_run -= await process.deliver("kept")
    deployment.clock.pass_to(deployment.clock() + FRESH + 1)
    done = await cleaner_of(process.runtime).round()
    assert done is not None
    assert done.over_count == 5
    left = [one.status for one in (await queue.list()).jobs]
    assert sorted(left) == [Status.COMPLETED, Status.FAILED, Status.FAILED]
