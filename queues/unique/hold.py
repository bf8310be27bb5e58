"""What a key's row and its holder's job say to who asks for the key. Pure; enqueueing and schedules ask alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from queues.job import Job, Status

if TYPE_CHECKING:
    from queues.unique.rule import Unique

#: Milliseconds for which the job of a key that has none is taken for one that is about to be written.
FINISH_WITHIN = 3_600_000


@dataclass(frozen=True, slots=True)
class Held:
    """Whose a key is, and since when (epoch ms)."""

    job_id: str
    taken_at: int


class Hold(Enum):
    """How a key is held."""

    #: By nobody.
    FREE = auto()
    #: By somebody who has named a job and not written it: whoever asks writes its own under that id.
    PROMISED = auto()
    #: By a debounced job that waits: it takes what is asked for.
    TAKES = auto()
    #: By a job that is the answer.
    ANSWERS = auto()
    #: No longer: it may be taken over.
    LAPSED = auto()


def hold_of(rule: Unique, held: Held | None, there: Job | None, now: int) -> Hold:
    """`held`: what the key's row says; `there`: the job that it names, if there is one."""
    if held is None:
        return Hold.FREE
    if there is None:
        return Hold.PROMISED if now - held.taken_at < FINISH_WITHIN else Hold.LAPSED
    if there.status is Status.CANCELLED:
        return Hold.LAPSED
    if rule.mode == "debounce":
        return Hold.LAPSED if there.attempt > 0 or there.ended else Hold.TAKES
    holds = rule.mode == "simple" and not there.ended
    return Hold.ANSWERS if holds or now < there.created_at + rule.window_ms else Hold.LAPSED
