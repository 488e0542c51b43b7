"""The cases that adopted activities are in: ours, somebody else's, or taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseferry.engine.adopted import Adopted, Keyed, made, made_open
from caseferry.engine.context import Context
from caseferry.engine.keeper import Keeper
from caseferry.engine.retired import next_generations, retired_among, supersede
from caseferry.engine.work import Work
from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.link import Link, Retired
from caseferry.model.record import Key, Record, System, kore_key
from caseferry.reconcile.view import CLOSED


class HomeAdopter:
    """Finds the cases that adopted activities are in.

    Attributes:
        closed: Kore cases whose counterpart is closed and has no link, with the
            generation of the key that it carries.
    """

    def __init__(self, context: Context, keeper: Keeper) -> None:
        self._context = context
        self._keeper = keeper
        self._buried: set[Key] = set()
        self.closed: Mapping[Key, int] = {}

    def adopt(
        self,
        work: Work,
        group: Sequence[Keyed],
        cases: Mapping[Key, Record],
        total: Adopted,
    ) -> None:
        """Link the case that our activities are in; bury those left by an undo.

        With its own key it was finished once; without, its creation goes on.
        """
        gone = {row.target for row in self._context.store.retired([*work.prints])}
        homes = {
            record.parent
            for key, record in work.targets.items()
            if record.parent in cases and key not in gone
        }
        if len(homes) == 1:
            found = cases[homes.pop() or Key("")]
            if not self._was_moved_to(found, work, group):
                self.link(work, found, total)
        for keyed in group:
            home = keyed.record.parent
            if keyed.ended and home in cases:
                generation = keyed.correlation.generation
                self.bury(work, cases[home or Key("")], generation, total)

    def _was_moved_to(self, home: Record, work: Work, group: Sequence[Keyed]) -> bool:
        """Tell whether somebody moved what is ours into a case that is not.

        A creation that goes on has no other case with the key of its generation.
        """
        if home.text(self._context.settings.case_key_field):
            return False
        newest = max(keyed.correlation.generation for keyed in group)
        return newest <= self.closed.get(work.key, -1)

    def link(self, work: Work, record: Record, total: Adopted) -> None:
        """Link a case, unless there is another."""
        store, known = self._context.store, work.case_link
        if known is not None and not self._makes_room(known, record):
            return
        there = store.link(record.key)
        if there is not None and there != known:
            return
        own = parse_correlation(record.text(self._context.settings.case_key_field))
        if own is not None and kore_key(own.source) != work.key:
            return  # somebody merged our activities into another record's case
        if known is not None:
            store.delete_link(known.casemgr)
            work.links = [link for link in work.links if link is not known]
        store.delete_retired(record.key)
        due = next_generations(store.retired([work.key])).get((Role.CASE, work.key), 0)
        generation = due if own is None else own.generation
        link = made(Role.CASE, work.key, record.key, generation)
        if own is not None:
            self._keeper.keep_as_it_is(work, link, record)
        else:
            self._keeper.keep(work, made_open(self._context, work, link))
        total.links += 1

    def _makes_room(self, known: Link, record: Record) -> bool:
        """Tell whether a tombstone was only put up here, or its case was left."""
        if not known.tombstone:
            return False
        if known.casemgr == record.key:
            return record.key in self._buried
        return bool(retired_among(self._context.store, [known.casemgr]))

    def bury(self, work: Work, record: Record, generation: int, total: Adopted) -> None:
        """Take a case of ours for left by an undo: everything of ours in it was ended.

        One that is open holds others' work: `retry` takes it up again. Of a closed one
        it makes another.
        """
        store, known = self._context.store, work.case_link
        if store.link(record.key) is not None:
            return
        own = parse_correlation(record.text(self._context.settings.case_key_field))
        if own is not None and kore_key(own.source) != work.key:
            return
        if own is not None:
            generation = own.generation
        if record.text("status") == CLOSED:
            row = Retired(
                target=record.key,
                source=work.key,
                role=Role.CASE,
                generation=generation,
            )
            store.save_retired(row)
        if known is not None and not (
            known.tombstone and known.generation < generation
        ):
            return
        supersede(store, known, System.CASEMGR)
        work.links = [link for link in work.links if link is not known]
        link = made(Role.CASE, work.key, record.key, generation)
        self._keeper.keep(work, replace(link, tombstone=True))
        self._buried.add(record.key)
        total.links += 1
