"""Keeping the link of a record that was found again, with what both sides hold now."""

from dataclasses import replace

from caseferry.engine.context import Context
from caseferry.engine.plans import Planner
from caseferry.engine.work import Work
from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import Record, Value, is_touched
from caseferry.reconcile.merge import (
    FINISHED,
    UNKNOWN,
    agree,
    base,
    differ,
    never_agreed,
    one_sided,
)
from caseferry.reconcile.view import ASSIGNED, CLOSED, COMPLETED


class Keeper:
    """Saves the links of groups."""

    def __init__(self, context: Context, planner: Planner) -> None:
        self._context = context
        self._planner = planner

    def keep(self, work: Work, link: Link) -> None:
        """Save a link of a group."""
        work.put_link(link)
        self._context.store.save_link(link, work.key)

    def keep_as_it_is(self, work: Work, link: Link, record: Record) -> None:
        """Link a pair; what both sides hold now is taken for agreed.

        Not where the reply to its create was lost and nobody edited it since: then it
        shows what was sent, and what Kore has otherwise came later.
        """
        if (link.role, link.kore) in work.in_doubt and not is_touched(record):
            mapped = work.mapped(link.role, link.kore)
            self.keep(work, _as_it_was_sent(mapped, link, record))
        else:
            self.keep(work, self._as_it_is(work, link, record))

    def _as_it_is(self, work: Work, link: Link, record: Record) -> Link:
        """Take what both sides hold now for agreed: nobody's later edit is overwritten.

        Where they differ nobody knows who changed it: that is a conflict, for a person.
        Only an end that is due in casemgr stays due; one that came there first is an
        agent's, and kept.
        """
        self._planner.plain_texts.recognise(work, link, record)
        mapped = work.mapped(link.role, link.kore)
        agreed = agree(
            mapped,
            link,
            record,
            digest=work.group.mapping,
            source_print=work.prints[link.kore],
        )
        differing = {
            f.casemgr
            for f in mapped.fields
            if f.value is not None
            and f.write_once is None
            and not f.is_met_by(record.fields.get(f.casemgr))
        }
        lacking = set()
        if self._context.two_way is not None:  # each direction fills in what it can
            lacking = one_sided(mapped, record)
        agreed = never_agreed(differ(agreed, differing - lacking), lacking)
        ended = record.text("status") in (COMPLETED, CLOSED)
        if ended == bool(mapped.finished):
            return agreed
        was_open = "open" if link.role is Role.CASE else ASSIGNED
        if not ended:  # it may have to wait, and is not to be taken back meanwhile
            was_open = record.text("status")
        kore = {**agreed.kore_base.fields, FINISHED: "false"}
        casemgr = {**agreed.casemgr_base.fields, "status": was_open}
        return replace(
            agreed,
            source_print=agreed.source_print if ended else "",
            kore_base=replace(agreed.kore_base, fields=kore),
            casemgr_base=replace(agreed.casemgr_base, fields=casemgr),
        )


def _as_it_was_sent(mapped: MappedRecord, link: Link, record: Record) -> Link:
    kore: dict[str, Value | None] = {}
    casemgr: dict[str, Value | None] = {}
    for field in mapped.fields:
        name = field.casemgr
        if name in record.fields:
            casemgr[name] = record.fields[name]
            kore[name] = field.source if field.is_met_by(casemgr[name]) else UNKNOWN
    return replace(
        link, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )
