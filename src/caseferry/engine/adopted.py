"""What an adoption finds, and the links that it makes of it."""

from dataclasses import dataclass, replace

from caseferry.engine.context import Context
from caseferry.engine.work import Work
from caseferry.model.correlation import Correlation, Role
from caseferry.model.link import Link
from caseferry.model.record import Key, Record, System
from caseferry.reconcile.merge import FINISHED, base


@dataclass(slots=True, kw_only=True)
class Adopted:
    """What a scan found.

    Attributes:
        records: activities that were read.
        wait_s: until what was created before this state knew anything is surely listed;
            0 where the state is older than that, and nothing new to it was found.
        links: how many links were restored.
        twice: second counterparts of records that have one: reported, never guessed.
        strangers: keys of records that Kore does not show.
    """

    records: int = 0
    wait_s: float = 0.0
    links: int = 0
    twice: int = 0
    strangers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """An activity that carries a key of ours; `ended` says that it was taken back."""

    correlation: Correlation
    record: Record
    ended: bool


def made(role: Role, kore: Key, casemgr: Key, generation: int = 0) -> Link:
    """Give the link of a record that we made in casemgr once."""
    return Link(
        role=role,
        kore=kore,
        casemgr=casemgr,
        generation=generation,
        made_in=System.CASEMGR,
    )


def made_open(context: Context, work: Work, link: Link) -> Link:
    """Give the link of a case that we made open: whoever closes it meant it."""
    if context.two_way is None or work.group.case.finished:
        return link
    return replace(
        link,
        kore_base=base([(FINISHED, "false")]),
        casemgr_base=base([("status", "open")]),
    )
