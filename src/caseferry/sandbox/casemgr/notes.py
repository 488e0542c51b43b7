"""Notes on activities and cases: added, listed, never changed (C 3.11)."""

from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox.casemgr.body import in_note_set, parse_body
from caseferry.sandbox.casemgr.desk import Ask, Desk
from caseferry.sandbox.casemgr.errors import invalid
from caseferry.sandbox.casemgr.query import parse_query, split_ids
from caseferry.sandbox.casemgr.render import user_value
from caseferry.sandbox.times import iso
from caseferry.sandbox.wire import Reply, json_reply

_LONGEST: Final = 1500


@dataclass(slots=True)
class Notes:
    """The note operations of both kinds."""

    desk: Desk

    def add(self, kind: str, ask: Ask) -> Reply:
        """POST /{kind}/{ids}/note: one note on each id."""
        parse_query(ask.query, frozenset())
        body = parse_body(ask.body)
        content = body.get("content")
        if not isinstance(content, str) or not 1 <= len(content) <= _LONGEST:
            raise invalid("content", f"must have 1 to {_LONGEST} characters")
        if not in_note_set(content):
            raise invalid("content", "contains characters that are not allowed")
        records = self._records(kind, ask)
        store, user_id = self.desk.store, ask.actor.user_id
        bumps = self.desk.readings.is_set("casemgr.note_bumps", "yes")
        where = ""
        for record in records:
            note = store.new_note(content, ask.now, user_id)
            record.notes = (*record.notes, note)
            if bumps:
                store.touch(record, ask.now, user_id)
            where = f"/core/casemgr/v3/{kind}/{record.id}/note/{note.id}"
        return self.desk.written(201, records[0].id, where=where)

    def listed(self, kind: str, ask: Ask) -> Reply:
        """GET /{kind}/{id}/note; 204 when there are none."""
        parse_query(ask.query, frozenset(("$attribute",)))
        record = self._records(kind, ask)[0]
        if not record.notes:
            return Reply(204)
        base = f"/core/casemgr/v3/{kind}/{record.id}/note"
        notes = [
            {
                "id": int(note.id),
                "content": note.content,
                "created": {"user": _author(note.user_id), "date": iso(note.created)},
                "link": self.desk.renderer.link("self", f"{base}/{note.id}"),
            }
            for note in record.notes
        ]
        return json_reply(200, {"note": notes})

    def _records(self, kind: str, ask: Ask) -> list[Any]:
        limit = self.desk.readings.number("casemgr.path_limit")
        return self.desk.found(kind, split_ids(ask.ids, limit))


def _author(user_id: str) -> dict[str, Any]:
    user = user_value(user_id)
    return {**user, "name": user["lastName"], "id": int(user_id)}
