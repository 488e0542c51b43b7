"""Looking creates in doubt up: by their key, or in one listing for many of them.

What a tenant's look-up has found before is a proof of it; only then does an empty
answer mean something.
"""

from collections.abc import Sequence

from caseferry.engine.context import Context
from caseferry.errors import Refused
from caseferry.model.correlation import parse_correlation
from caseferry.model.link import Intent
from caseferry.model.record import Key, Record
from caseferry.model.times import earlier

_MANY = 10
"""From so many on, one listing finds writes in doubt cheaper than look-ups do."""

_PROOF = "proof.lookup@"
_LISTING_PROOF = "proof.listing@"
_UNSUPPORTED = "lookup.unsupported@"

Found = dict[int, tuple[Record, ...] | None]
"""By intent: the records that carry its key; None when this could not be told."""


class Lookup:
    """Finds activities by correlation key, whatever way the tenant offers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find(self, intents: Sequence[Intent]) -> Found:
        """Look creates up; each request is sent once."""
        found: Found = {}
        for department in sorted({intent.department for intent in intents}):
            these = [i for i in intents if i.department == department]
            if self.uses_listing(department):
                found |= self._by_listing(department, these)
                continue
            if len(these) >= _MANY:
                found |= self._by_listing(department, these)
                these = [i for i in these if found[i.number] is None]
            found |= self._by_key(these)
        return found

    def is_proved(self, department: str) -> bool:
        """Tell whether this look-up has found a key of ours here before."""
        kind = _LISTING_PROOF if self.uses_listing(department) else _PROOF
        return self._context.store.get_fact(f"{kind}{department}") is not None

    def prove(self, department: str) -> None:
        """Remember that this look-up has found a key of ours here."""
        kind = _LISTING_PROOF if self.uses_listing(department) else _PROOF
        self._context.store.set_fact(f"{kind}{department}", "found")

    def uses_listing(self, department: str) -> bool:
        """Tell whether this tenant cannot look keys up, so listings have to do."""
        fact = self._context.store.get_fact(f"{_UNSUPPORTED}{department}")
        return fact is not None

    def give_up_keys(self, department: str) -> None:
        """Remember that this tenant cannot search by the key's attribute."""
        self._context.store.set_fact(f"{_UNSUPPORTED}{department}", "yes")

    def _by_key(self, these: Sequence[Intent]) -> Found:
        casemgr = self._context.casemgr

        def look_up(intent: Intent) -> tuple[Record, ...] | None:
            homes = [intent.department, *self._context.departments]
            try:
                for home in dict.fromkeys(homes):  # it may have been transferred
                    if found := casemgr.find_activities(intent.correlation, home):
                        return found
            except Refused:
                return None
            return ()

        answers = self._context.workers.map(look_up, these)
        for intent, answer in zip(these, answers, strict=True):
            if answer is None:
                self.give_up_keys(intent.department)
        numbers = (intent.number for intent in these)
        return dict(zip(numbers, answers, strict=True))

    def _by_listing(self, department: str, these: Sequence[Intent]) -> Found:
        """Find many at once in a listing of what was created since the first.

        What it does not show counts as not there only when it was read to its end,
        did not move, and showed other records with their keys.
        """
        settings = self._context.settings
        since = earlier(min(intent.at for intent in these), settings.overlap_s)
        wanted = {intent.correlation for intent in these}
        found: dict[str, dict[Key, Record]] = {}
        complete = shows_keys = False
        for page in self._context.casemgr.activities(department, since):
            for record in page.records:
                text = record.text(settings.activity_key_field)
                shows_keys = shows_keys or parse_correlation(text) is not None
                if text in wanted:
                    found.setdefault(text, {})[record.key] = record
            complete = page.last
        proved = shows_keys or self.uses_listing(department)
        answers: Found = {}
        for intent in these:
            records = tuple(found.get(intent.correlation, {}).values())
            tells = bool(records) or (complete and proved)
            answers[intent.number] = records if tells else None
        return answers
