"""`check --canary`: one throw-away record per side, asked for, watched and closed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from caseferry.adapters.asking import Answers
from caseferry.adapters.casemgr.canary import CasemgrCanary, CasemgrGround
from caseferry.adapters.kore.canary import KoreCanary, KoreGround
from caseferry.bootstrap import Systems, proved_sort, writing_state
from caseferry.cli.checks import Finding, failed
from caseferry.config import Config
from caseferry.errors import CaseferryError, UserError
from caseferry.mapping.compile import Mapper
from caseferry.model.canary import Canary, canary_at
from caseferry.model.capability import Answer
from caseferry.model.direction import NAMES
from caseferry.model.record import Entity, Key, System
from caseferry.model.times import canonical_time
from caseferry.ports import Clock, Store

QUESTION: Final = "Write one throw-away record to each system, and close it?"
_FACT: Final = "canary."


class Bird(Protocol):
    """A canary of either system."""

    def write(self, canary: Canary) -> Canary: ...
    def ask(self, canary: Canary) -> None: ...
    def find(self, canary: Canary) -> Key | None: ...
    def close(self, canary: Canary) -> Canary: ...


@dataclass(slots=True, kw_only=True)
class Canaries:
    """What the canaries of one check need, and what they found.

    Attributes:
        answers: what is known of the tenants already, by fact.
    """

    systems: Systems
    config: Config
    mapper: Mapper
    clock: Clock
    answers: dict[str, Answer]
    found: list[Answer] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def send(self) -> None:
        """Write, ask and close on each side; what fails is a finding.

        Effects: takes the state's lock meanwhile; makes the state where there is none.
        """
        try:
            with writing_state(self.config, "check --canary") as store:
                self._one(store, System.KORE, self._kore)
                self._one(store, System.CASEMGR, self._casemgr)
        except CaseferryError as error:
            self.findings += failed("canary", error)

    def _one(
        self, store: Store, system: System, hatch: Callable[[Answers, Store], Bird]
    ) -> None:
        answers = Answers(system, canonical_time(self.clock.now()))
        try:
            self._fly(store, system, hatch(answers, store))
        except UserError as error:
            self._note(system, error.message, error.hint)
        except CaseferryError as error:
            self.findings += failed("canary", error, system)
        self.found += answers.found

    def _fly(self, store: Store, system: System, bird: Bird) -> None:
        """Close what an earlier check left open, then write, ask and close."""
        earlier = _kept(store, system)
        if earlier is not None and earlier.state != "closed":
            self._end(system, bird, earlier)
        made = bird.write(canary_at(self.clock.now()))
        try:
            bird.ask(made)
        finally:
            self._end(system, bird, made)

    def _end(self, system: System, bird: Bird, canary: Canary) -> None:
        """Close a canary; one that stays open is named, for a person to close."""
        reason = "no reply and no search tells where it is"
        key = canary.key
        try:
            key = key or bird.find(canary)
            if key is not None:
                bird.close(Canary(name=canary.name, key=key))
                text = f"{canary.name} ({key}) was written and closed"
                self._note(system, text)
                return
        except CaseferryError as error:
            reason = error.message
        text = f"{canary.name}{f' ({key})' if key else ''} may be open: {reason}"
        hint = f"look for it in {NAMES[system]} and close it by hand"
        self._note(system, text, hint)

    def _note(self, system: System, message: str, hint: str = "") -> None:
        status: Final = "warn" if hint else "pass"
        self.findings.append(
            Finding(
                name="canary", system=system, status=status, message=message, hint=hint
            )
        )

    # what each side needs -----------------------------------------------------------

    def _kore(self, answers: Answers, store: Store) -> Bird:
        spec, closed = self.mapper.spec, self.mapper.status_name(Entity.CASE, "closed")
        _need("to_kore.case_template", spec.to_kore.case_template)
        _need("to_kore.source", spec.to_kore.source)
        _need("customer.placeholder", spec.customer.placeholder)
        if closed is None or not self.systems.kore.knows("status", closed):
            _need(f"kore_ids.status.{closed or 'Closed'}", "")
        ground = KoreGround(
            template=spec.to_kore.case_template,
            source=spec.to_kore.source,
            contact=spec.customer.placeholder,
            closed=closed or "",
            sort=proved_sort(self.answers),
            visibility_lag_s=self.config.kore.visibility_lag,
        )
        return KoreCanary(
            self.systems.kore,
            ground,
            answers=answers,
            clock=self.clock,
            keep=_keeper(store, System.KORE),
        )

    def _casemgr(self, answers: Answers, store: Store) -> Bird:
        spec = self.mapper.spec
        _need("customer.placeholder", spec.customer.placeholder)
        # the one that everything else takes
        route = next(route for route in spec.route if not route.when)
        ground = CasemgrGround(
            department=route.department,
            subtype=route.subtype,
            assignee=route.assignee,
            contact=spec.customer.placeholder,
            visibility_lag_s=self.config.casemgr.visibility_lag,
        )
        return CasemgrCanary(
            self.systems.casemgr,
            ground,
            answers=answers,
            clock=self.clock,
            keep=_keeper(store, System.CASEMGR),
        )


def _need(path: str, value: str) -> None:
    if not value:
        raise UserError(
            f"no canary is written: the mapping has no {path}",
            code="canary-unready",
            hint=f"set {path} in the mapping",
        )


def _keeper(store: Store, system: System) -> Callable[[Canary], None]:
    def keep(canary: Canary) -> None:
        known = {"name": canary.name, "key": canary.key, "state": canary.state}
        store.set_fact(f"{_FACT}{system}", json.dumps(known))

    return keep


def _kept(store: Store, system: System) -> Canary | None:
    text = store.get_fact(f"{_FACT}{system}")
    if text is None:
        return None
    known = json.loads(text)
    key = Key(known["key"]) if known["key"] else None
    return Canary(name=known["name"], key=key, state=known["state"])
