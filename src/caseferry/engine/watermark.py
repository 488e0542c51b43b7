"""How far each listing was read, and when it was last read whole.

Everything that changed up to a listing's watermark is in the state. It is moved only
over a window that was read to its end, in the transaction of the last page: to the
newest change that came and is not younger than the beginning of the reading, less an
overlap for stamps that become visible late. Both times are the system's own, from its
records and from its `Date` header; neither is trusted alone, since records may be
stamped by another clock than replies.
"""

from dataclasses import dataclass
from datetime import datetime

from caseferry.engine.changes import Mode, Resource
from caseferry.model.times import canonical_time, earlier, parse_time
from caseferry.ports import Store

_WATERMARK = "watermark."
_FULL = "full."
_COST = "cost."


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the state knows of one listing.

    Attributes:
        since: its watermark; "" before it was ever read whole.
        full_run: the run in which it was last read whole; None when it never was.
        full_at: when that reading began, by this machine's clock.
    """

    since: str
    full_run: int | None
    full_at: str

    def is_due(self, now: datetime, every_s: float) -> bool:
        """Tell whether it has to be read whole: never was, or too long ago.

        A clock that went back makes it due: nobody knows how long ago it was.
        """
        if self.full_run is None:
            return True
        age_s = (now - parse_time(self.full_at)).total_seconds()
        return not 0 <= age_s < every_s


def known_of(store: Store, resource: Resource) -> Known:
    """Read what the state knows of a listing."""
    run, _, at = (store.get_fact(_FULL + resource.name) or "").partition(" ")
    return Known(
        since=store.get_fact(_WATERMARK + resource.name) or "",
        full_run=int(run) if run else None,
        full_at=at,
    )


def keep_full(store: Store, resource: Resource, run: int, at: datetime) -> None:
    """Remember that a listing was read whole, in which run, begun at what time."""
    store.set_fact(_FULL + resource.name, f"{run} {canonical_time(at)}")


def move(store: Store, resource: Resource, newest: str, overlap_s: float) -> None:
    """Move a watermark up, never down.

    Args:
        store: inside the transaction of the last page.
        resource: whose watermark.
        newest: the newest change that came and was made before the reading began; ""
            moves nothing.
        overlap_s: how far below it is read again.
    """
    if not newest:
        return
    moved = earlier(newest, overlap_s)
    if moved > (store.get_fact(_WATERMARK + resource.name) or ""):
        store.set_fact(_WATERMARK + resource.name, moved)


def keep_pass(store: Store, resource: Resource, mode: Mode, requests: int) -> None:
    """Remember what an ordinary pass over a listing took."""
    store.set_fact(_COST + resource.name, f"{mode} {requests}")


def last_pass(store: Store, resource: Resource) -> tuple[str, int] | None:
    """Give mode and requests of the last ordinary pass; None before the first."""
    mode, _, requests = (store.get_fact(_COST + resource.name) or "").partition(" ")
    return (mode, int(requests)) if mode else None
