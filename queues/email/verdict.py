"""Whether a message is handed over, once the server has said of each recipient whether it takes them. Pure.

SMTP takes recipients one by one and the message once, for all who were taken. A retry can therefore not be for some of
them only without writing down who has it: so nobody gets it while a retry may still bring somebody else in. The last
attempt goes to whoever is taken, and its result names the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from queues.email.errors import MailRefused, MailUnavailable
from queues.email.message import Refusal

#: Recipients that a sentence names.
NAMED = 3


def check_recipients(taken: int, refused: Sequence[Refusal], *, last: bool) -> None:
    """Returns if the message shall be handed over. `taken`: how many the server takes; `last`: there is no retry.

    MailUnavailable: some are put off; nobody gets it now. MailRefused: nobody ever will.
    """
    put_off = [one for one in refused if not one.for_ever]
    if put_off and not (last and taken):
        held = f"; {taken} more wait with them" if taken else ""
        raise MailUnavailable(f"the server puts off {_listed(put_off)}{held}")
    if not taken:
        raise MailRefused(f"the server refuses {_listed(refused)}")


def _listed(refused: Sequence[Refusal]) -> str:
    more = f" (and {len(refused) - NAMED} more)" if len(refused) > NAMED else ""
    return "; ".join(map(str, refused[:NAMED])) + more
