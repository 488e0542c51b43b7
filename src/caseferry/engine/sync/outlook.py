"""What the next two-way run would do to one pair, as far as the state can tell.

Nothing is asked of either system: what a decision would read first is taken as usual,
such as that a customer is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from caseferry.engine.context import Context, Settings
from caseferry.engine.customers import Customers
from caseferry.engine.plans import Planner
from caseferry.engine.sync.policy import TwoWay
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.workers import Workers
from caseferry.mapping.compile import Mapper
from caseferry.model.action import Action, CustomerDraft
from caseferry.model.customer import Customer, CustomerContact
from caseferry.model.record import Key, System
from caseferry.ports import Clock, Store
from caseferry.reconcile.view import CustomerChoice

_FULL = "full."
_SOMEBODY = CustomerChoice(draft=CustomerDraft(attribute="", value=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What each direction would do to a record and why; nothing where it has no say."""

    to_casemgr: tuple[Action, ...]
    to_kore: tuple[Action, ...]


class _Unasked:
    """Stands where a system would be: nobody asks it."""

    def server_time(self) -> None:
        """Know no time of its own."""

    def get_customers(self, ids: Sequence[str]) -> dict[str, Customer]:
        """Take every customer for somebody with an address."""
        contact = CustomerContact(name="", emails=("somebody@example.com",))
        return {each: Customer(id=each, name="", contacts=(contact,)) for each in ids}


def outlooks(
    store: Store, mapper: Mapper, *, settings: Settings, two_way: TwoWay, clock: Clock
) -> "Outlooks":
    """Give what tells, for any pair of a state, what the next run would do to it."""
    nobody = cast("Any", _Unasked())
    context = Context(
        kore=nobody,
        casemgr=nobody,
        store=store,
        clock=clock,
        reporter=nobody,
        mapper=mapper,
        settings=settings,
        workers=Workers(1),
        since={system: _read_whole(store, system) for system in System},
        two_way=two_way,
    )
    return Outlooks(context)


class Outlooks:
    """Plans pairs on what the state holds, writing nowhere."""

    def __init__(self, context: Context) -> None:
        self._lead = Planner(context, Customers(context))
        self._follow = KorePlanner(context)

    def of(
        self, keys: tuple[Key | None, Key | None], cases: tuple[Key | None, Key | None]
    ) -> Outlook:
        """Plan a record; `cases` are its cases, Kore's first, as `keys` are."""
        kore, casemgr = keys
        return Outlook(
            to_casemgr=self._leading(kore, cases[0]),
            to_kore=self._following(casemgr, cases[1]),
        )

    def _leading(self, key: Key | None, case: Key | None) -> tuple[Action, ...]:
        works = self._lead.load([case]) if case else []
        for work in works:
            work.customer = _SOMEBODY
            work.listed = work.proved_empty = True
        self._lead.decide(works)
        plans = (work.plan for work in works if work.plan is not None)
        return tuple(a for plan in plans for a in plan.actions if a.key == key)

    def _following(self, key: Key | None, case: Key | None) -> tuple[Action, ...]:
        works = self._follow.load([case]) if case else []
        self._follow.decide(works)
        plans = (work.plan for work in works if work.plan is not None)
        return tuple(a for plan in plans for a in plan.actions if a.key == key)


def _read_whole(store: Store, system: System) -> int:
    """Give the run since which everything a system holds was seen; 0 is ever."""
    facts = store.facts(f"{_FULL}{system.value}.").values()
    return min((int(text.partition(" ")[0]) for text in facts), default=0)
