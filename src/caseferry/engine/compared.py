"""What comparing a record with its counterparts came to, either way."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from caseferry.engine.places import Place
from caseferry.model.action import Loss
from caseferry.model.correlation import Role
from caseferry.model.link import Base, Hold, Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import Key, Record, System, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field, or the end, of a pair that is not as mapped; None is absent.

    Attributes:
        field: `*` is the record as a whole.
        verdict: of the record; `reported` where this is no reason for one.
    """

    key: Key
    counterpart: Key | None
    field: str
    kore: Value | None
    casemgr: Value | None
    reason: str
    verdict: str = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one source record came to.

    Attributes:
        verdict: equal, accepted_loss, different, missing, twice, uncertain, set_aside
            or out_of_scope.
        losses: of a pair.
        reported: names of what agents may have moved; no difference of its own.
    """

    role: Role
    verdict: str
    key: Key
    counterpart: Key | None = None
    differences: tuple[Difference, ...] = ()
    losses: tuple[Loss, ...] = ()
    reported: tuple[str, ...] = ()
    by_key: bool = True

    @property
    def is_pair(self) -> bool:
        """Tell whether a counterpart was found."""
        return self.verdict in ("equal", "accepted_loss", "different", "twice")


def unpaired(  # noqa: PLR0913 - all that may be known of a record
    role: Role,
    key: Key,
    records: Sequence[Record],
    *,
    link: Link | None,
    hold: Hold | None,
    absence: str,
    target: System,
) -> Compared | None:
    """Give what a record came to that has no counterpart, or several; None for a pair.

    Args:
        role: of the record.
        key: of the record.
        records: the counterparts that were found.
        link: of the record.
        hold: of the record, else of its case.
        absence: the verdict where there is no counterpart.
        target: the system of the counterparts.
    """
    if link is not None and link.tombstone:
        return Compared(role=role, verdict="out_of_scope", key=key)
    if not records:
        return _absent(role, key, absence, hold)
    return _doubled(role, key, records, target) if len(records) > 1 else None


def _absent(role: Role, key: Key, verdict: str, hold: Hold | None) -> Compared:
    """Give what a record without a counterpart came to, and why as far as known."""
    if verdict == "out_of_scope":
        return Compared(role=role, verdict=verdict, key=key)
    reason = "no counterpart carries its key, and none is linked"
    if verdict == "uncertain":
        reason = "a write of it is in doubt"
    if hold is not None:
        reason = f"{hold.code}: {hold.reason}"
    gone = Difference(
        key=key,
        counterpart=None,
        field="*",
        kore=None,
        casemgr=None,
        reason=reason,
        verdict=verdict,
    )
    return Compared(role=role, verdict=verdict, key=key, differences=(gone,))


def _doubled(
    role: Role, key: Key, records: Sequence[Record], target: System
) -> Compared:
    """Give what a record with several counterparts came to."""
    names = ", ".join(record.key for record in records[1:])
    again = Difference(
        key=key,
        counterpart=records[0].key,
        field="*",
        kore=names if target is System.KORE else None,
        casemgr=names if target is System.CASEMGR else None,
        reason="carried twice",
        verdict="twice",
    )
    return Compared(
        role=role,
        verdict="twice",
        key=key,
        counterpart=records[0].key,
        differences=(again,),
    )


def unmapped(mapped: MappedRecord, record: Record) -> Iterator[Difference]:
    """Give what of a pair cannot be compared: values that no row names."""
    reasons = [str(problem) for problem in mapped.problems]
    if mapped.finished is None and not reasons:
        reasons = ["its status is unknown"]
    for reason in reasons:
        yield Difference(
            key=mapped.record.key,
            counterpart=record.key,
            field="*",
            kore=None,
            casemgr=None,
            reason=f"cannot be compared whole: {reason}",
        )


def strays(field: MappedField, source: Base, target: Base, shown: Value | None) -> bool:
    """Tell whether the target holds something where the source has nothing.

    What a system sets by itself at a create was agreed on, and is no difference.

    Args:
        field: as mapped now.
        source: the base of the source's side of the link.
        target: the same of the target's.
        shown: what the target holds.
    """
    name = field.casemgr
    if field.source is not None or field.value is not None or shown is None:
        return False
    if not source.has(name) or not target.has(name):
        return False
    return source.get(name) is not None or shown != target.get(name)


def misplaced(
    result: Compared, parents: tuple[Key | None, Key | None], wanted: Key | None
) -> Compared:
    """Add that a task lies in another case than its counterpart does.

    Args:
        result: of the task's pair.
        parents: its case in Kore and in casemgr.
        wanted: the counterpart of its source's case.
    """
    kore, casemgr = parents
    reason = f"its case's counterpart is {wanted or 'not there'}"
    moved = _place(result, ("case", kore, casemgr), reason)
    verdict = "twice" if result.verdict == "twice" else "different"
    return replace(result, verdict=verdict, differences=(*result.differences, moved))


def placed(
    result: Compared, fixed: Iterable[Place], moved: Mapping[str, Place]
) -> Compared:
    """Add where a pair's counterpart lies and whom it is for.

    Args:
        result: of the pair.
        fixed: what nobody can change after creation, and is another all the same.
        moved: what agents may have changed, by its name in reports.
    """
    reason = "no call and no agent changes it after creation"
    differences = [_place(result, place, reason) for place in fixed]
    verdict = "different" if differences else result.verdict
    differences += [
        replace(
            _place(result, place, f"{name}: not counted as different"),
            verdict="reported",
        )
        for name, place in moved.items()
    ]
    return replace(
        result,
        verdict=verdict,
        differences=(*result.differences, *differences),
        reported=tuple(moved),
    )


def _place(result: Compared, place: Place, reason: str) -> Difference:
    name, kore, casemgr = place
    return Difference(
        key=result.key,
        counterpart=result.counterpart,
        field=name,
        kore=kore,
        casemgr=casemgr,
        reason=reason,
    )
