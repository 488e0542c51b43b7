"""What the first case group of each kind teaches about a Kore tenant."""

from collections.abc import Iterable

from caseferry.engine.context import Context
from caseferry.engine.to_kore.finding import Finder, Wanted
from caseferry.engine.to_kore.work import KoreWork
from caseferry.errors import FirstGroupRefused, SafetyStop
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role
from caseferry.model.link import HoldKind
from caseferry.model.record import Entity
from caseferry.model.times import canonical_time

_PROOF = "proof.kind.kore."


class KoreProver:
    """Knows which kinds of action Kore is proved for, under this mapping."""

    def __init__(self, context: Context, finder: Finder) -> None:
        self._context = context
        self._finder = finder
        self._digest = context.mapper.digest
        known = context.store.facts(_PROOF)
        self._proved = {
            name.removeprefix(_PROOF)
            for name, digest in known.items()
            if digest == self._digest
        }

    def kinds(self, work: KoreWork) -> frozenset[str]:
        """Give the kinds of action in a group's plan."""
        return _kinds(work.plan.requests if work.plan else ())

    def is_first(self, work: KoreWork) -> bool:
        """Tell whether a group holds a kind of action that is not proved yet."""
        return not self.kinds(work) <= self._proved

    def learn(self, work: KoreWork, kinds: frozenset[str]) -> None:
        """Keep what a group that ran alone to its end has shown.

        Raises:
            FirstGroupRefused: the tenant refuses this kind of request as such.
            SafetyStop: a field was not stored, or a new record cannot be found.
        """
        shown = _kinds(work.done)
        self._refused(work, kinds - self._proved - shown)
        self._stored(work)
        for action in work.done:
            if action.kind is ActionKind.CREATE:
                self._found(work, action)
        for kind in sorted(kinds & shown):
            self._context.store.set_fact(f"{_PROOF}{kind}", self._digest)
        self._proved |= kinds & shown

    def _refused(self, work: KoreWork, missing: frozenset[str]) -> None:
        for hold in work.holds.values():
            if hold.kind is HoldKind.QUARANTINE and hold.correlation and missing:
                raise FirstGroupRefused(
                    f"the first case group was refused: {hold.reason}",
                    system="kore",
                    key=hold.key,
                )

    def _stored(self, work: KoreWork) -> None:
        """Stop when what an update sent is not in its reply."""
        for action in work.done:
            link = work.links.get(action.key)
            target = work.targets.get(link.kore) if link else None
            if target is None or action.kind is ActionKind.CREATE:
                continue
            sent = {c.name for c in action.changes if c.after is not None}
            gone = sorted(sent - target.fields.keys())
            if gone and "field-dropped" not in self._context.allowed:
                raise SafetyStop(
                    "field-dropped",
                    f"Kore did not store {', '.join(gone)} of {target.key}",
                    hint="configure the fields in Kore, or take them out of the "
                    "mapping; or add --allow field-dropped",
                )

    def _found(self, work: KoreWork, action: Action) -> None:
        """Look for the new record until it is found; that proves the way of looking."""
        link = work.links.get(action.key)
        target = work.targets.get(link.kore) if link else None
        if link is None or target is None:
            return
        context = self._context
        entity = Entity.CASE if action.role is Role.CASE else Entity.TASK
        name = next((c.after for c in action.changes if c.name == "name"), "")
        wanted = Wanted(
            entity=entity,
            correlation=action.correlation,
            name=name if isinstance(name, str) else "",
            at=target.text("createdAt") or canonical_time(context.clock.now()),
        )
        lag = context.settings.visibility_lag_s
        started, pause = context.clock.monotonic(), 1.0
        while not self._finder.prove(wanted, link.kore):
            waited = context.clock.monotonic() - started
            if context.stopping:
                return
            if waited > lag:
                self._stop(link.kore, lag)
                return
            context.reporter.waiting("the first new record is not found yet", pause)
            context.clock.sleep(pause)
            pause = min(pause * 2, 30.0)
        if self._finder.is_dropped(entity):
            context.reporter.event("marker.dropped", entity=str(entity))

    def _stop(self, key: str, lag: float) -> None:
        if "lookup-unproved" not in self._context.allowed:
            raise SafetyStop(
                "lookup-unproved",
                f"Kore does not show the new record {key} within {lag:.0f} s",
                hint="raise [kore] visibility_lag to what this tenant needs; or add "
                "--allow lookup-unproved",
            )


def _kinds(actions: Iterable[Action]) -> frozenset[str]:
    return frozenset(f"{action.kind}-{action.role}" for action in actions)
