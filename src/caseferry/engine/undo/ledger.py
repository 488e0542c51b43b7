"""What a run wrote, and what earlier undos of it did, read off the journal."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from caseferry.model.correlation import Correlation, Role, parse_correlation
from caseferry.model.link import Entry, Intent, IntentState, WriteKind
from caseferry.model.record import Key, System, local_id, system_of
from caseferry.ports import Store
from caseferry.reconcile.undo.view import ACTIVE, Ledger, Written

UNDONE_BY = "undo."
"""Facts: `undo.<run>.<number of the undo>`, set before the undo's first write."""

_NO_EFFECT = frozenset(
    {IntentState.NOT_EXECUTED, IntentState.REFUSED, IntentState.ABSENT}
)
_UNSETTLED = frozenset({IntentState.OPEN, IntentState.IN_DOUBT})
_EDITS = frozenset({WriteKind.EDIT_CASE, WriteKind.EDIT_TASK})
_ENDS = frozenset({WriteKind.COMPLETE, WriteKind.CLOSE})


@dataclass(slots=True, kw_only=True)
class Past:
    """What the journal says about a run and its undos.

    Attributes:
        written: by the record's key.
        unsettled: creates of the run whose outcome is not known.
        ledger: what the undos did so far; grows with this one.
        noted: correlation keys of marks that were sent and may be there.
    """

    written: dict[Key, Written] = field(default_factory=dict)
    unsettled: list[Intent] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    noted: set[str] = field(default_factory=set)

    def systems(self) -> frozenset[System]:
        """Give the systems that the run wrote to, or may have."""
        found = {system_of(key) for key in self.written}
        return frozenset(found | {target_of(intent) for intent in self.unsettled})


def target_of(intent: Intent) -> System:
    """Tell which system a write went to: the one that its source is not of."""
    if intent.casemgr is not None:
        return system_of(intent.casemgr)
    is_kore = system_of(intent.kore) is System.KORE
    return System.CASEMGR if is_kore else System.KORE


def mark_of(pair: str, key: Key, run: int) -> str:
    """Spell the correlation key of the note that marks an activity as taken back."""
    source = f"undo-{local_id(key)}"
    own = Correlation(pair=pair, role=Role.NOTE, source=source, generation=run)
    return str(own)


def mark_begin(pair: str, key: Key) -> str:
    """Spell what the marks of an activity begin with, whichever run was undone."""
    return mark_of(pair, key, 0)[:-1]


def read_past(store: Store, run: int) -> Past:
    """Read what a run wrote and what its undos did; writes nothing."""
    past = Past()
    for entry in store.entries(run):
        _add(store, past, entry)
    for number in undos_of(store, run):
        _add_undo(past, store.entries(number))
    return past


def undos_of(store: Store, run: int) -> list[int]:
    """Give the numbers of the undos of a run that began to write."""
    prefix = f"{UNDONE_BY}{run}."
    return sorted(int(name.removeprefix(prefix)) for name in store.facts(prefix))


def _add(store: Store, past: Past, entry: Entry) -> None:
    intent = entry.intent
    if entry.state in _NO_EFFECT:
        return
    if intent.kind is WriteKind.CREATE:
        if entry.state in _UNSETTLED:
            past.unsettled.append(intent)
            return
        key = intent.casemgr or _linked(store, intent)
        if key is not None:
            add_created(past, intent, key)
        return
    if intent.casemgr is None:
        return
    known = past.written.get(intent.casemgr) or Written(
        key=intent.casemgr, source=intent.kore, role=intent.role
    )
    past.written[known.key] = _with_write(known, intent)


def add_created(past: Past, intent: Intent, key: Key) -> None:
    """Note a record that the run made."""
    known = past.written.get(key)
    made = known or Written(key=key, source=intent.kore, role=intent.role)
    past.written[key] = replace(
        made, created=True, opens=intent.opens, correlation=intent.correlation
    )


def _linked(store: Store, intent: Intent) -> Key | None:
    """Find what a create made whose receipt does not name it: adopted by its key."""
    own = parse_correlation(intent.correlation)
    link = store.link(intent.kore)
    if link is None or own is None or link.generation != own.generation:
        return None
    return link.kore if target_of(intent) is System.KORE else link.casemgr


def _with_write(known: Written, intent: Intent) -> Written:
    if intent.kind in _ENDS:
        return replace(known, ended=True)
    if intent.kind is WriteKind.NOTE:
        return replace(known, notes=known.notes + 1)
    images = dict(known.images)
    for image in intent.images:
        first = images.get(image.name, image)
        images[image.name] = replace(first, after=image.after)
    return replace(
        known,
        images=images,
        lost=known.lost or (bool(intent.fields) and not intent.images),
        correlation=known.correlation or intent.correlation,
    )


def _add_undo(past: Past, entries: Iterable[Entry]) -> None:
    for entry in entries:
        if entry.state in _NO_EFFECT:
            continue
        if entry.state is IntentState.DONE:
            past.ledger = with_done(past, entry.intent)
        note_sent(past, entry.intent)


def note_sent(past: Past, intent: Intent) -> None:
    """Note a write of an undo that was sent, whatever became of it.

    A mark is looked for before it is written again; a record whose deactivation was
    sent may be hidden since; a case that was opened for its tasks had a status before.
    """
    ledger, key = past.ledger, intent.casemgr
    written = past.written.get(key) if key is not None else None
    if key is None or written is None:
        return
    if intent.kind is WriteKind.NOTE:
        past.noted.add(intent.correlation)
    elif ACTIVE in intent.fields:
        past.ledger = replace(ledger, tried=ledger.tried | {key})
    elif written.created:
        was = next((i.before for i in intent.images if i.name == "status"), None)
        if isinstance(was, str):
            past.ledger = replace(ledger, opened={key: was, **ledger.opened})


def with_done(past: Past, intent: Intent) -> Ledger:
    """Give the ledger with one write of an undo that was carried out.

    Of an edit whose images were let go every field that it named counts.
    """
    ledger, key = past.ledger, intent.casemgr
    if key is None or intent.kind in _ENDS:
        return ledger
    if intent.kind is WriteKind.NOTE:
        return replace(ledger, marked=ledger.marked | {key})
    written = past.written.get(key)
    if written is not None and written.created and ACTIVE not in intent.fields:
        return ledger
    names = {image.name for image in intent.images} or set(intent.fields)
    return replace(ledger, taken=ledger.taken | {(key, name) for name in names})
