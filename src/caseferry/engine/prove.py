"""What the first case group of each kind teaches about a tenant, before the others.

It runs alone to its end. What the tenant refuses, drops or cannot find again is learnt
on one group, not on ten thousand.
"""

from collections.abc import Iterable

from caseferry.engine.context import Context
from caseferry.engine.lookup import Lookup
from caseferry.engine.work import Work
from caseferry.errors import FirstGroupRefused, Refused, SafetyStop
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.link import HoldKind

_PROOF = "proof.kind."
_SORTS = {Role.TASK: "create-task@", Role.OPENER: "create-opener@"}
_NO_CREATE = ("update-", "complete-", "close-", "note-")


class Prover:
    """Knows which kinds of action this tenant is proved for, under this mapping."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lookup = Lookup(context)
        self._digest = context.mapper.digest
        known = context.store.facts(_PROOF)
        self._proved = {
            name.removeprefix(_PROOF)
            for name, digest in known.items()
            if digest == self._digest
        }

    def knows(self, kinds: frozenset[str]) -> bool:
        """Tell whether these kinds of action are all proved."""
        return kinds <= self._proved

    def learn(self, work: Work, kinds: frozenset[str]) -> None:
        """Keep what a group that ran alone to its end has shown.

        Raises:
            FirstGroupRefused: the tenant refuses this kind of request as such.
            SafetyStop: the correlation key, or a field, was not stored.
        """
        shown = _kinds(work.done)
        self._refused(work, kinds - self._proved - shown)
        for action in work.done:
            self._stored(work, action)
            if action.draft is not None:
                self._found(action)
        for kind in sorted(kinds & shown):
            self._context.store.set_fact(f"{_PROOF}{kind}", self._digest)
        self._proved |= kinds & shown

    def kinds(self, work: Work) -> frozenset[str]:
        """Give the kinds of action in a group's plan, with their department."""
        return _kinds(work.plan.requests if work.plan else ())

    def _refused(self, work: Work, missing: frozenset[str]) -> None:
        """Stop when a kind of request was refused and never accepted.

        A refused task falls back to the next one: when that was accepted, it is the
        record that was refused, not the kind. An accepted opener shows nothing of
        tasks, which carry other fields.
        """
        for hold in work.holds.values():
            if hold.kind is not HoldKind.QUARANTINE or not hold.refused:
                continue
            correlation = parse_correlation(hold.correlation)
            sort = _SORTS.get(correlation.role) if correlation else None
            if any(kind.startswith(sort or _NO_CREATE) for kind in missing):
                raise FirstGroupRefused(
                    f"the first case group was refused: {hold.reason}",
                    system="casemgr",
                    key=hold.key,
                    code=hold.code if hold.code.startswith("forbidden") else None,
                )

    def _stored(self, work: Work, action: Action) -> None:
        """Stop when what was sent is not there on reading back, our key above all."""
        link = work.link(action.role, action.key, action.generation)
        target = work.targets.get(link.casemgr) if link else None
        if target is None or action.kind not in (ActionKind.CREATE, ActionKind.UPDATE):
            return
        settings = self._context.settings
        sent = {c.name: c.after for c in action.changes if c.after is not None}
        gone = sorted(name for name in sent if name not in target.fields)
        on_case = action.role is Role.CASE
        field = settings.case_key_field if on_case else settings.activity_key_field
        key_is_gone = action.draft is not None and field not in target.fields
        if key_is_gone or field in gone:
            self._stop(
                "key-dropped",
                f"casemgr did not store the key of {target.key} in {field}; "
                "what is lost or made elsewhere could not be told apart again",
                "configure the attribute in casemgr",
            )
        if gone:
            self._stop(
                "field-dropped",
                f"casemgr did not store {', '.join(gone)} of {target.key}",
                "configure the attributes in casemgr, or take them out of the mapping",
            )

    def _found(self, action: Action) -> None:
        """Look the new record's key up until it is found; that proves the look-up."""
        context, department = self._context, action.department
        if self._lookup.is_proved(department):
            return
        started = context.clock.monotonic()
        pause = 0.25
        while True:
            try:
                found = context.casemgr.find_activities(action.correlation, department)
            except Refused:
                self._lookup.give_up_keys(department)
                self._lookup.prove(department)  # reading it back showed its key
                return
            if found:
                self._lookup.prove(department)
                return
            if context.stopping:
                return
            waited = context.clock.monotonic() - started
            if waited > context.settings.visibility_lag_s:
                break
            context.reporter.waiting("the first new record is not found yet", pause)
            context.clock.sleep(pause)
            pause = min(pause * 2, 10.0)
        self._stop(
            "lookup-unproved",
            f"casemgr does not find a new activity by its key within "
            f"{context.settings.visibility_lag_s:.0f} s",
            "raise [casemgr] visibility_lag to what this tenant needs",
        )

    def _stop(self, guard: str, message: str, hint: str) -> None:
        if guard in self._context.allowed:
            return
        raise SafetyStop(guard, message, hint=f"{hint}; or add --allow {guard}")


def _kinds(actions: Iterable[Action]) -> frozenset[str]:
    found: set[str] = set()
    for action in actions:
        if action.draft is None:
            found.add(f"{action.kind}-{action.role}@{action.department}")
            continue
        found.add(f"{_SORTS[action.role]}{action.department}")
        if action.draft.customer.create:
            found.add(f"create-customer@{action.department}")
    return frozenset(found)
