"""Finding the customer of a case, with as few look-ups as possible.

A look-up that found somebody is remembered in the state; one that found nobody only for
the run, since a customer may come into being at any time.
"""

from collections.abc import Sequence

from caseferry.engine.choice import EMAIL, Answers, Ask, Wanted, choose
from caseferry.engine.context import Context
from caseferry.engine.places import people_of
from caseferry.model.action import ActivityDraft
from caseferry.model.mapped import CustomerAttempt, CustomerWish
from caseferry.ports import CustomerFound
from caseferry.reconcile.view import NOT_SHOWN_YET, CustomerChoice


class Customers:
    """Answers whom a create should name."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._nobody: set[int] = set()  # hashes: a run may ask for very many
        self._asked: set[int] = set()
        self._made: dict[int, float] = {}

    def choose(self, wanted: Sequence[Wanted]) -> list[CustomerChoice]:
        """Look up the customers of many cases at once; each look-up is sent once."""
        answers = Answers()
        while True:
            found = [choose(each, answers) for each in wanted]
            choices = [choice for choice in found if choice is not None]
            if len(choices) == len(found):
                self._ask_again_for(choices, answers)
                return choices
            self._complete(answers)

    def _complete(self, answers: Answers) -> None:
        """Ask for what is wanted."""
        if answers.unread:
            people = people_of(self._context.casemgr, sorted(answers.unread))
            answers.people |= {each: people.get(each) for each in answers.unread}
        answers.found |= self._answer(list(answers.asks))
        answers.asks, answers.unread = {}, {}

    def _ask_again_for(
        self, choices: Sequence[CustomerChoice], answers: Answers
    ) -> None:
        """Forget who was not found, where somebody may only not be visible yet."""
        if any(choice.code == NOT_SHOWN_YET for choice in choices):
            self._nobody -= {
                hash((f"{department}/{attribute}", value))
                for (department, attribute, value), ids in answers.found.items()
                if not ids
            }

    def learn(self, wish: CustomerWish, department: str, customer: str) -> None:
        """Remember a customer that a create of ours made or found."""
        attempts = wish.attempts or (
            CustomerAttempt(attribute=EMAIL, spellings=(wish.placeholder,)),
        )
        found = [
            CustomerFound(
                attribute=f"{department}/{attempt.attribute}",
                value=attempt.spellings[0],
                customers=(customer,),
            )
            for attempt in attempts
            if attempt.spellings
        ]
        self._context.store.save_customers(found)
        for answer in found:
            self._nobody.discard(hash((answer.attribute, answer.value)))
            self._asked.add(hash((answer.attribute, answer.value)))

    def made(self, wish: CustomerWish, for_s: float) -> None:
        """Hold back creates of this customer: it was made, or may have been, just now.

        Args:
            wish: whose contact values are meant, in whatever department.
            for_s: until it is surely seen, or surely was not made.
        """
        until = self._context.clock.monotonic() + for_s
        for value in identities(wish):
            self._made[value] = max(until, self._made.get(value, 0.0))
            for department in self._context.departments:
                for attempt in wish.attempts:
                    for text in attempt.spellings:
                        pair = (f"{department}/{attempt.attribute}", text)
                        self._nobody.discard(hash(pair))

    def is_new(self, wish: CustomerWish) -> bool:
        """Tell whether another create may have made this customer just now."""
        now = self._context.clock.monotonic()
        return any(self._made.get(value, 0.0) > now for value in identities(wish))

    def has_moved(self, draft: ActivityDraft) -> bool:
        """Tell whether a create was refused because of its customer, not of itself.

        The customer it names is not visible yet, or the one it would make is there now.

        Effects: one look-up.
        """
        customer = draft.customer
        found = self._read((draft.department, customer.attribute, customer.value))
        name = f"{draft.department}/{customer.attribute}"
        self._nobody.discard(hash((name, customer.value)))
        return bool(found) == customer.create

    def _answer(self, asks: list[Ask]) -> dict[Ask, tuple[str, ...]]:
        pairs = [(f"{dept}/{attribute}", value) for dept, attribute, value in asks]
        remembered = {
            (found.attribute, found.value): found.customers
            for found in self._context.store.customers(pairs)
        }
        # an earlier run's answer may be out of date: each is asked for once a run
        known = {p: ids for p, ids in remembered.items() if hash(p) in self._asked}
        known |= {
            pair: ()
            for pair in pairs
            if pair not in known and hash(pair) in self._nobody
        }
        todo = [ask for ask, p in zip(asks, pairs, strict=True) if p not in known]
        fresh = self._context.workers.map(self._read, todo)
        found = []
        for (dept, attribute, value), ids in zip(todo, fresh, strict=True):
            name = f"{dept}/{attribute}"
            known[name, value] = ids
            if ids:
                found.append(CustomerFound(attribute=name, value=value, customers=ids))
                self._asked.add(hash((name, value)))
            elif not self._may_be_unseen((name, value) in remembered, value):
                self._nobody.add(hash((name, value)))
        if found:
            self._context.store.save_customers(found)
        return {ask: known[pair] for ask, pair in zip(asks, pairs, strict=True)}

    def _may_be_unseen(self, remembered: bool, value: str) -> bool:  # noqa: FBT001
        """Hold a customer back that an earlier run knew and casemgr does not show.

        It may have been made a moment before this run began; after the lag it is gone.
        """
        until = self._context.locked_at + self._context.settings.visibility_lag_s
        if not remembered or self._context.clock.monotonic() >= until:
            return False
        self._made[hash(value)] = max(until, self._made.get(hash(value), 0.0))
        return True

    def _read(self, ask: Ask) -> tuple[str, ...]:
        department, attribute, value = ask
        return self._context.casemgr.find_customers(attribute, value, department)


def identities(wish: CustomerWish) -> frozenset[int]:
    """Give hashes of every contact value by which a customer may be known."""
    values = {hash(text) for a in wish.attempts for text in a.spellings}
    return frozenset(values or {hash(wish.placeholder)})
