"""Recognising a new record where the tenant does not store the marker.

Creates go one at a time there, so that at most one can be in doubt.
"""

from caseferry.engine.context import Context
from caseferry.engine.retired import retired_among
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.correlation import Role
from caseferry.model.link import Intent
from caseferry.model.record import Entity, Record
from caseferry.model.times import earlier


def same_content(
    context: Context, intent: Intent, work: KoreWork
) -> tuple[Record, ...] | None:
    """Give the unlinked records that look like what was sent; None: cannot be told.

    Alike is a record made since the create was sent, of the same name, and of the same
    case. Reads one whole listing.
    """
    entity = Entity.CASE if intent.role is Role.CASE else Entity.TASK
    since = earlier(intent.at, context.settings.overlap_s)
    mapped = work.mapped(intent.kore)
    name = next((f.value for f in mapped.fields if f.kore == "name"), None)
    home = work.case_link
    found: list[Record] = []
    complete = False
    for page in context.kore.pages(entity):
        found += [
            record
            for record in page.records
            if record.text("createdAt") >= since
            and record.fields.get("name") == name
            and (entity is Entity.CASE or (home and record.parent == home.kore))
            and context.store.link(record.key) is None
            and not retired_among(context.store, [record.key])
        ]
        complete = page.last
    return (
        tuple({record.key: record for record in found}.values()) if complete else None
    )
