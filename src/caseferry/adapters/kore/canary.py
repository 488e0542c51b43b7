"""What only a write can tell about a Kore tenant, asked with one throw-away case."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from caseferry.adapters.asking import Answers
from caseferry.adapters.kore.finder import Sort
from caseferry.adapters.kore.payload import key_of, record_of
from caseferry.adapters.kore.system import KoreHttp
from caseferry.adapters.kore.writes import Changes, NewCase, Requester
from caseferry.adapters.waiting import until_seen
from caseferry.errors import InDoubt, Refused
from caseferry.model.canary import TEXT, Canary, Keep
from caseferry.model.record import Entity, Key, Record, kore_key
from caseferry.model.times import canonical_time, earlier
from caseferry.ports import Clock

_DUE: Final = timedelta(days=30)
_TAGS: Final = ("canary-a", "canary-b")
_OVERLAP_S: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class KoreGround:
    """What a canary of Kore needs.

    Attributes:
        template: a case template's id.
        contact: an e-mail address.
        closed: the name of the status that ends it; its id is known.
        sort: the `sortBy` that is proved to give the newest first.
        visibility_lag_s: how long to wait for it at most.
    """

    template: str
    source: str
    contact: str
    closed: str
    sort: Sort | None
    visibility_lag_s: float


class KoreCanary:
    """Writes one case, watches what becomes of it, and closes it."""

    def __init__(
        self,
        system: KoreHttp,
        ground: KoreGround,
        *,
        answers: Answers,
        clock: Clock,
        keep: Keep,
    ) -> None:
        self._system = system
        self._client = system.client
        self._ground = ground
        self._answers = answers
        self._clock = clock
        self._keep = keep
        system.sort = ground.sort

    def write(self, canary: Canary) -> Canary:
        """Create the case and ask with it what a create keeps and shows.

        Gives the canary with its key, where anything told it.

        Raises:
            CaseSystemError: the create was refused, or not executed.
        """
        self._keep(canary)
        try:
            status, payload = self._client.create_raw(self._body(canary))
        except InDoubt:
            status, payload = 0, {}
        seen, lag_s = until_seen(
            lambda: self.find(canary), self._clock, self._ground.visibility_lag_s
        )
        local_id = payload.get("_id")
        key = kore_key(local_id) if isinstance(local_id, str) and local_id else None
        key = key or seen
        if status:
            self._reply(status, payload)
        if seen is not None:
            self._answers.settle("search_lag_s", round(lag_s, 1), "until it was listed")
        else:
            text = f"not listed within {self._ground.visibility_lag_s:.0f} s"
            self._answers.leave_open("search_lag_s", text)
        made = replace(canary, key=key, state="made" if key else "sent")
        self._keep(made)
        return made

    def ask(self, canary: Canary) -> None:
        """Ask with two updates what an update keeps."""
        if (key := canary.key) is None:
            return
        first = self._client.update_case(key, Changes(tags=_TAGS[:1]))
        stored = TEXT in first.text("desc")
        self._answers.settle(
            "desc_on_create",
            "stored" if stored else "dropped",
            "desc in the reply to its first update",
        )
        second = self._client.update_case(key, Changes(tags=_TAGS[1:]))
        tags = second.text("tags")
        way = {_TAGS[1]: "replace", ", ".join(_TAGS): "append"}.get(tags)
        if way is None:
            self._answers.leave_open("array_update", "its tags are neither of both")
        else:
            self._answers.settle("array_update", way, "tags sent one after the other")

    def close(self, canary: Canary) -> Canary:
        """Close the case; safe to repeat.

        Raises:
            CaseSystemError: it is open still, or may be.
        """
        if canary.key is None:
            return canary
        closed = self._client.catalogue.find("status", self._ground.closed)
        if closed is None:
            name = self._ground.closed
            text = f"the id of the status {name!r} is not known"
            raise Refused(text, code="unknown-id", system="kore", key=canary.key)
        status = {"_id": closed.id, "name": closed.name}
        if closed.category:
            status["statusCategory"] = closed.category
        last = self._client.update_case(canary.key, Changes(status=status))
        if last.text("statusCategory") not in {"closed", "resolved"}:
            text = f"Kore took the status {closed.name!r} and shows another"
            raise Refused(text, code="not-closed", system="kore", key=canary.key)
        spawned = int(last.text("count.taskIds") or 0)
        self._answers.settle("template_spawns_tasks", spawned, "its taskIds at the end")
        done = replace(canary, state="closed")
        self._keep(done)
        return done

    def find(self, canary: Canary) -> Key | None:
        """Look for it by name, among the newest, and on the first page."""
        since = earlier(canary.at, _OVERLAP_S)
        searched = self._searched(canary.name)
        newest = self._system.newest(Entity.CASE, since)
        first = self._client.list_records(Entity.CASE, {}).results
        cases = [record_of(row, Entity.CASE) for row in first if key_of(row)]
        records = [*searched, *(newest or ()), *cases]
        named = (r.key for r in records if r.text("name") == canary.name)
        return next(named, None)

    def _searched(self, name: str) -> tuple[Record, ...]:
        try:
            return self._system.search(Entity.CASE, name) or ()
        except Refused:
            return ()

    def _body(self, canary: Canary) -> NewCase:
        ground = self._ground
        return NewCase(
            template=ground.template,
            name=canary.name,
            desc=TEXT,
            requester=Requester(name="caseferry canary", email=ground.contact),
            source=ground.source,
            due=canonical_time(self._clock.now() + _DUE),
        )

    def _reply(self, status: int, payload: Mapping[str, Any]) -> None:
        settle = self._answers.settle
        settle("create_status", str(status), "of createCase")
        for name, key in (
            ("desc_in_create_response", "desc"),
            ("due_date_in_create_response", "dueDate"),
        ):
            shown = payload.get(key)
            settle(name, "present" if shown else "absent", "in the reply to createCase")
