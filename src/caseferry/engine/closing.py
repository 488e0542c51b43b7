"""When a call may close a case: what is open in it may not be listed yet.

An open case holds an open activity, and a call that closes it completes that activity
for good, whosever it is. Where all of ours are completed and the listing shows nothing
open, something hides: a mail that is not listed yet, or an activity that nobody shows
us; or this case really holds nothing. Only a second look tells: two listings that say
the same, farther apart than anything stays unlisted. The first look outlives its run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from caseferry.engine.context import Context
from caseferry.engine.work import Work
from caseferry.model.record import Record, fingerprint
from caseferry.model.times import canonical_time, parse_time
from caseferry.reconcile.view import STAYS_OPEN

_DATE_GRAIN = timedelta(seconds=1)
"""A `Date` header names whole seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    at: str
    print: str


def server_now(context: Context) -> datetime:
    """Give casemgr's own time as far as it is known, else this machine's."""
    return context.casemgr.server_time() or context.clock.now()


def judge_listing(
    context: Context, work: Work, records: Sequence[Record], asked_at: datetime
) -> None:
    """Keep what a listing says about what may hide in the case.

    `records` are the case's activities as listed just now, and `asked_at` is casemgr's
    time before they were asked for.
    """
    link = work.case_link
    case = work.targets.get(link.casemgr) if link else None
    shown = sorted((record.key, record.version) for record in records)
    print_ = fingerprint([case.version if case else "", shown])
    first = _first_look(context, work)
    if first is None or first.print != print_:
        work.looked = f"{canonical_time(server_now(context))} {print_}"
        work.proved_empty = False
        return
    hidden_for = timedelta(seconds=context.settings.visibility_lag_s) + _DATE_GRAIN
    work.looked = f"{first.at} {first.print}"
    work.proved_empty = asked_at - parse_time(first.at) >= hidden_for


def keep_first_look(context: Context, work: Work) -> None:
    """Remember the first look at a case that stays open, for a later run."""
    actions = work.plan.actions if work.plan else ()
    name = _name(work)
    is_due = work.looked and any(action.code == STAYS_OPEN for action in actions)
    if is_due and context.store.get_fact(name) != work.looked:
        context.store.set_fact(name, work.looked)


def _first_look(context: Context, work: Work) -> _Look | None:
    """Give the look of an earlier run, where every run since found the case so."""
    known = work.known.get(work.key)
    if known is None or known.code != STAYS_OPEN:
        return None
    at, _, print_ = (context.store.get_fact(_name(work)) or "").partition(" ")
    return _Look(at=at, print=print_) if print_ else None


def _name(work: Work) -> str:
    return f"looked.{work.key}"
