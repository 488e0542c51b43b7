"""Finding a Kore record by its marker, in whatever way the tenant offers.

No call of Kore's finds a record by a key. A search by name finds it where the name is
searchable at all; a listing sorted newest first shows it near its top; one whole
listing always does. Which of them works here is learnt on the first records, and only
a way that has found one of ours lets an empty answer mean something.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from caseferry.engine.context import Context
from caseferry.errors import Refused
from caseferry.model.marker import marks_of
from caseferry.model.record import Entity, Record
from caseferry.model.times import earlier

KEY, NAME, NEWEST, LISTING = "search-key", "search-name", "newest", "listing"
SEARCHES = (KEY, NAME)
_WAY = "proof.find.kore."
_DROPPED = "marker.dropped.kore."
_FEW = 5
"""Up to so many are searched for one by one; more are cheaper in one listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A record to be found.

    Attributes:
        name: as its create spelled it, the marker left out.
        at: Kore's time before the create; it is not older.
        last: an empty answer will be taken for its absence.
    """

    entity: Entity
    correlation: str
    name: str
    at: str
    last: bool = False


Answer = tuple[Record, ...] | None
"""The records that carry the key; None when this could not be told."""


class Finder:
    """Finds records of ours, and knows which way of looking is proved."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def way(self, entity: Entity) -> str:
        """Give the way that found one of ours here; "" before the first."""
        return self._context.store.get_fact(f"{_WAY}{entity}") or ""

    def is_dropped(self, entity: Entity) -> bool:
        """Tell whether this tenant does not store the marker."""
        return self._context.store.get_fact(f"{_DROPPED}{entity}") is not None

    def find(self, wanted: Sequence[Wanted]) -> list[Answer]:
        """Look for records; each entity in its own proved way."""
        answers: dict[int, Answer] = {}
        for entity in Entity:
            these = [i for i, w in enumerate(wanted) if w.entity is entity]
            if these:
                found = self._find(entity, [wanted[i] for i in these])
                answers |= dict(zip(these, found, strict=True))
        return [answers[i] for i in range(len(wanted))]

    def prove(self, wanted: Wanted, key: str) -> bool:
        """Find a new record until a way works; False while none shows it.

        Effects: remembers the way, or that the tenant does not store the marker.
        """
        if self.way(wanted.entity) or self.is_dropped(wanted.entity):
            return True
        in_name = self._context.settings.marker == "name"
        for way in (*(SEARCHES if in_name else (NAME,)), NEWEST, LISTING):
            seen = self._look(way, wanted.entity, [wanted])
            record = next((r for r in seen or () if r.key == key), None)
            if record is None:
                continue
            store = self._context.store
            if wanted.correlation not in marks_of(record):
                store.set_fact(f"{_DROPPED}{wanted.entity}", "yes")
            store.set_fact(f"{_WAY}{wanted.entity}", way)
            return True
        return False

    def _find(self, entity: Entity, wanted: Sequence[Wanted]) -> list[Answer]:
        way = self.way(entity) or LISTING
        if way in SEARCHES and len(wanted) > _FEW:
            way = NEWEST
        if way in SEARCHES:
            answers = [self._one(way, entity, each) for each in wanted]
            return self._made_sure(way, entity, wanted, answers)
        return self._among(way, entity, wanted)

    def _made_sure(
        self, way: str, entity: Entity, wanted: Sequence[Wanted], answers: list[Answer]
    ) -> list[Answer]:
        """Look again, in another way, for what a search by name does not find.

        That a tenant found one name proves nothing about the next: it may hold what
        this search takes otherwise, and anybody may have changed it meanwhile.
        """
        unsure = [
            i
            for i, each in enumerate(wanted)
            if way == NAME and each.last and answers[i] == ()
        ]
        if unsure:
            again = self._among(NEWEST, entity, [wanted[i] for i in unsure])
            for i, answer in zip(unsure, again, strict=True):
                answers[i] = answer
        return answers

    def _among(
        self, way: str, entity: Entity, wanted: Sequence[Wanted]
    ) -> list[Answer]:
        """Look for all of them in one listing, of the newest or of everything."""
        seen = self._look(way, entity, wanted)
        if seen is None and way != LISTING:
            seen = self._look(LISTING, entity, wanted)
        return [None if seen is None else _ours(seen, each) for each in wanted]

    def _one(self, way: str, entity: Entity, wanted: Wanted) -> Answer:
        seen = self._look(way, entity, [wanted])
        if seen is None:
            seen = self._look(LISTING, entity, [wanted])
        return None if seen is None else _ours(seen, wanted)

    def _look(self, way: str, entity: Entity, wanted: Sequence[Wanted]) -> Answer:
        kore = self._context.kore
        since = earlier(
            min(each.at for each in wanted), self._context.settings.overlap_s
        )
        if way in SEARCHES:
            words = wanted[0].correlation if way == KEY else wanted[0].name
            try:
                return kore.search(entity, words) if words else None
            except Refused:
                return None
        if way == NEWEST:
            return kore.newest(entity, since)
        return self._listing(entity, since)

    def _listing(self, entity: Entity, since: str) -> Answer:
        """Read everything; keep what is new enough. None when the listing moved."""
        found: list[Record] = []
        complete = False
        for page in self._context.kore.pages(entity):
            found += [r for r in page.records if r.text("createdAt") >= since]
            complete = page.last
        return tuple(found) if complete else None


def _ours(seen: Sequence[Record], wanted: Wanted) -> tuple[Record, ...]:
    by_key = {r.key: r for r in seen if wanted.correlation in marks_of(r)}
    return tuple(by_key.values())
