"""What two-way sync may make, and what takes part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from caseferry.model.correlation import Role
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import System, fingerprint
from caseferry.reconcile.view import Barred

Create = Literal["both", "kore", "casemgr", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What takes part; a case that is linked already always does.

    Attributes:
        created_after: canonical time, "" is any.
        statuses: folded status categories; empty is any.
        templates: names of Kore's case templates; empty is any. A case that is new in
            casemgr has none, and takes part.
    """

    created_after: str = ""
    statuses: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWay:
    """The policy of a two-way run.

    Attributes:
        create: on which side new records may be made.
    """

    create: Create = "both"
    scope: Scope = field(default_factory=Scope)

    @property
    def print(self) -> str:
        """Tell it from another policy."""
        scope = self.scope
        sets = (sorted(scope.statuses), sorted(scope.templates))
        return fingerprint([self.create, scope.created_after, *sets])

    def barred(
        self, target: System, case: MappedRecord, *, linked: bool
    ) -> Mapping[Role, Barred]:
        """Give the kinds of record that must not be made in a system for a case."""
        if self.create not in ("both", target.value):
            off = Barred(code="create-off", reason=f"[sync] create is {self.create}")
            return {Role.CASE: off, Role.TASK: off}
        if not linked and not self._takes_part(case, target):
            out = Barred(code="out-of-scope", reason="outside [scope]")
            return {Role.CASE: out, Role.TASK: out}
        return {}

    def _takes_part(self, case: MappedRecord, target: System) -> bool:
        scope, record = self.scope, case.record
        created = record.text("createdAt") or record.text("created")
        if scope.created_after and created < scope.created_after:
            return False
        if target is System.KORE:
            return not scope.statuses or bool(scope.statuses & case.categories)
        category = record.text("statusCategory")
        is_wanted = not scope.statuses or category in scope.statuses
        return is_wanted and (
            not scope.templates or record.text("template") in scope.templates
        )
