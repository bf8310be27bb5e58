"""A message as its sender and its receivers know it: what is certain of it, and between which times it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Letter:
    """Times are epoch milliseconds by the server's clock; a span of them holds for what is not known more exactly."""

    number: int
    #: It shows not before `earliest`, and surely from `latest` on.
    earliest: int
    latest: int
    #: Whether the send, and a deletion, were acknowledged; a deletion may have happened when it was only asked for.
    sent: bool = False
    deletion_asked: bool = False
    deleted_at: int | None = None
    message_id: str | None = None
    #: The largest receive count that was seen, and when; further receives that nobody was told of.
    receives: int = 0
    counted_at: int = 0
    untold: int = 0
    in_dead_letters: bool = False

    @property
    def surely_there(self) -> bool:
        return self.sent and not self.deletion_asked

    @property
    def surely_gone(self) -> bool:
        return self.deleted_at is not None

    def hide(self, begun: int, ended: int, seconds: int) -> None:
        """It was hidden for so long at some moment between `begun` and `ended`."""
        self.earliest, self.latest = begun + seconds * 1000, ended + seconds * 1000

    def perhaps_hide(self, begun: int, ended: int, seconds: int) -> None:
        """The same, if it has happened at all."""
        self.earliest = min(self.earliest, begun + seconds * 1000)
        self.latest = max(self.latest, ended + seconds * 1000)
