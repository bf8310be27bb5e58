"""The cleaner removes what is one too many, and what is overdue, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from infra.clean import clean, history
from infra.doctor.reading.clients import Where
from queues.cleaning.rule import FRESH, OVERDUE
from queues.cleaning.run import Cleaned, End
from queues.clock import system_clock
from queues.job_options import KEEP_COMPLETED
from queues.settings import read_settings
from tests.emulators.place import JOBS, Place


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
    for job in made:
        place.ended(job["id"])
    last = place.enqueue("hello", {"name": "Cyd"})
    place.ended(last["id"])
    counted = await cleaned(place, FRESH, dry_run=True)
    assert counted.types["hello"] >= 2
    assert (await cleaned(place, FRESH)).types == counted.types
    found = [place.api.get(f"{JOBS}/{job['id']}").status_code for job in (*made, last)]
    assert found == [404, 404, 200]
    assert (await cleaned(place, FRESH)).types == {}
    last_run, removed, *_ = await history(read_settings(), Where(place.endpoint, own=True), 9, clock=a_minute_later)
    assert [run.end for run in (last_run, removed)] == [End.DONE, End.DONE]
    assert (last_run.by_hand, removed.done.types) == (True, counted.types)
    assert (await cleaned(place, KEEP_COMPLETED * 1000 + OVERDUE + FRESH)).overdue >= 1
    assert place.api.get(f"{JOBS}/{last['id']}").status_code == 404
