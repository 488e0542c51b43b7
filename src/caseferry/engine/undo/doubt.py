"""Creates of the run whose replies were lost: found and taken back, or proved absent.

What is found in the end was made by the run and is taken back like the rest. Absence
needs what it needs everywhere: a look-up that showed a key of ours before, asked for
after the bound. The rest is left uncertain, and a later undo looks again.
"""

from collections.abc import Sequence

from caseferry.engine.context import Context
from caseferry.engine.lookup import Lookup
from caseferry.engine.patience import wait_until_listed
from caseferry.engine.undo.ledger import Past, add_created, target_of
from caseferry.engine.undo.plans import UndoPlanner
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role
from caseferry.model.link import Intent, IntentState
from caseferry.model.marker import marks_of
from caseferry.model.record import Entity, Key, Record, System
from caseferry.reconcile.undo.view import Cannot

_REASON = (
    "a reply was lost, and it cannot be told yet whether it was made; run the undo "
    "again later"
)
Answers = dict[int, tuple[Record, ...] | None]


class Doubts:
    """Keeps the creates in doubt of the run that is taken back."""

    def __init__(
        self, context: Context, planner: UndoPlanner, past: Past, lookup: Lookup
    ) -> None:
        self._context = context
        self._planner = planner
        self._past = past
        self._lookup = lookup
        self._found: dict[int, Key] = {}
        self._absent: set[int] = set()
        self._is_last = False

    @property
    def left(self) -> list[Intent]:
        """The creates that are not settled."""
        known = self._found.keys() | self._absent
        return [i for i in self._past.unsettled if i.number not in known]

    def look(self) -> frozenset[Key]:
        """Look everything up once; give what was found, which the run made.

        Effects: reads casemgr; of Kore the latest listing is used.
        """
        before = set(self._found.values())
        asked_s = self._context.clock.monotonic() - self._context.locked_at
        is_after = asked_s > self._context.settings.absence_bound_s
        for system in System:
            intents = [i for i in self.left if target_of(i) is system]
            is_kore = system is System.KORE
            answers = self._in_kore(intents) if is_kore else self._in_casemgr(intents)
            for intent in intents:
                records = answers.get(intent.number)
                if records is not None and len(records) == 1:
                    self._found[intent.number] = records[0].key
                    add_created(self._past, intent, records[0].key)
                elif records == () and is_after:
                    self._absent.add(intent.number)
        return frozenset(set(self._found.values()) - before)

    def wait(self) -> bool:
        """Wait until absence may be established; False when that was done already."""
        context = self._context
        if self._is_last or not self.left:
            return False
        self._is_last = True
        bound = context.locked_at + context.settings.absence_bound_s + 0.001
        rest = max(bound - context.clock.monotonic(), 0.0)
        if not wait_until_listed(context, rest, "a lost reply: its effect may come"):
            return False
        if any(target_of(intent) is System.KORE for intent in self.left):
            self._planner.list_kore()
        return True

    def settle(self) -> None:
        """Record in the journal what became of them."""
        store = self._context.store
        with store.transaction():
            for number, key in self._found.items():
                store.settle_intent(
                    number, IntentState.DONE, casemgr=key, detail="looked up"
                )
            for number in self._absent:
                store.settle_intent(number, IntentState.ABSENT)

    def uncertain(self) -> list[Action]:
        """Give what is left, as actions that say so."""
        return [
            Action(
                kind=ActionKind.UNCERTAIN,
                role=intent.role,
                key=intent.kore,
                code="in-doubt",
                reason=_REASON,
            )
            for intent in self.left
        ]

    def cannot(self) -> list[Cannot]:
        """List what is left."""
        return [
            Cannot(code="in-doubt", key=intent.kore, reason=_REASON)
            for intent in self.left
        ]

    def _in_casemgr(self, intents: Sequence[Intent]) -> Answers:
        """Look keys up; an empty answer counts only where the look-up is proved."""
        answers: Answers = {}
        for number, records in self._lookup.find(intents).items():
            intent = next(i for i in intents if i.number == number)
            proved = self._lookup.is_proved(intent.department)
            answers[number] = records if records or proved else None
        return answers

    def _in_kore(self, intents: Sequence[Intent]) -> Answers:
        """Look keys up in the listing; it proves itself by showing others."""
        answers: Answers = {}
        for entity in Entity if intents else ():
            is_case = entity is Entity.CASE
            wanted = [i for i in intents if (i.role is Role.CASE) is is_case]
            shown: dict[str, list[Record]] = {}
            for record in self._planner.marked(entity) if wanted else ():
                for mark in marks_of(record):
                    shown.setdefault(mark, []).append(record)
            tells = self._planner.is_complete and bool(shown)
            for intent in wanted:
                records = tuple(shown.get(intent.correlation, ()))
                answers[intent.number] = records if records or tells else None
        return answers
