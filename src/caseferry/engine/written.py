"""A case whose own contents were written by a run that did not live to note it."""

from caseferry.engine.work import Work
from caseferry.reconcile.merge import differ


def know_written(work: Work, key_field: str) -> None:
    """Take what differs by now in a case that carries its key for somebody's edit.

    The key is written with the contents. As long as its creation is not finished what
    differs would be written once more, over an edit that came since.
    """
    link = work.case_link
    target = work.targets.get(link.casemgr) if link else None
    if link is None or link.finished or target is None or not target.text(key_field):
        return
    names = {
        field.casemgr
        for field in work.group.case.fields
        if field.value is not None
        and not field.is_copy
        and not link.casemgr_base.has(field.casemgr)
        and not field.is_met_by(target.fields.get(field.casemgr))
    }
    if names:
        work.put_link(differ(link, names))
