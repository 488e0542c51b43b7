"""Kore's six operations as methods; no paging, no mapping, no judgement.

All are POST, the listings too. Creates and updates give the record as the server
echoes it; a create's echo lacks the description and may lack the due date.
"""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from caseferry.adapters.counter import Counter
from caseferry.adapters.exchange import Call, Reply, Unusable, Waiting
from caseferry.adapters.http import Wire, normalise_base_url
from caseferry.adapters.json_text import read_json, read_shape, write_json
from caseferry.adapters.kore.auth import KoreCredentials
from caseferry.adapters.kore.catalogue import Catalogue
from caseferry.adapters.kore.marks import MARKED_TEXTS, take_marks
from caseferry.adapters.kore.payload import LISTING, Listing, key_of, record_of
from caseferry.adapters.kore.settings import KoreSettings
from caseferry.adapters.kore.writes import Changes, NewCase, NewTask
from caseferry.adapters.limiter import Limiter
from caseferry.adapters.retry import Retrier, RetryRules
from caseferry.adapters.sent import Sent
from caseferry.adapters.session import Session
from caseferry.adapters.shapes import text
from caseferry.adapters.translate import Translator
from caseferry.model.record import Entity, Key, Record, Value, local_id
from caseferry.ports import Clock

_ROOT = "/caseManagement/api/public/analytics"
_SCOPE_HINT = (
    "map the JWT app to the API scope Case Management Configuration and publish the"
    " app, then run `caseferry check`"
)


class KoreClient:
    """The six operations; safe to use from several threads.

    Attributes:
        catalogue: learns from every record that comes.
        appends: an update was seen to add its arrays to those that were there.
    """

    def __init__(self, session: Session, settings: KoreSettings) -> None:
        self.session = session
        self.settings = settings
        self.catalogue = Catalogue(settings.ids)
        self.appends = settings.appends
        self._lock = threading.Lock()
        self._created: set[Key] = set()
        self._root = f"{_ROOT}/{quote(settings.stream_id, safe='')}"

    @classmethod
    def build(
        cls,
        settings: KoreSettings,
        *,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
        waiting: Waiting | None = None,
    ) -> "KoreClient":
        """Put a client together; opens no connection.

        Raises:
            ConfigError: the base URL or the CA file cannot be used.
        """
        return cls(_session(settings, clock, transport, waiting), settings)

    @property
    def counter(self) -> Counter:
        """What was sent so far."""
        return self.session.counter

    def close(self) -> None:
        """Close the connections."""
        self.session.wire.close()

    def list_records(self, entity: Entity, body: Mapping[str, Any]) -> Listing:
        """Send getCases or getTasks with this body, and give one page."""
        operation = "getTasks" if entity is Entity.TASK else "getCases"
        call = self._call(operation, write_json(body), listing=True)
        page = self.session.call(call, lambda reply: read_shape(LISTING, reply.body))
        for payload in page.results:
            self.catalogue.learn(payload, entity)
        return page

    def create_case(self, case: NewCase) -> Record | None:
        """Create a case; not idempotent. None when the reply tells no id."""
        body = case.body(nested_contact=self.settings.nested_contact)
        call = self._call("createCase", write_json(body), write=True)
        return self.session.call(call, lambda r: self._made(r, Entity.CASE, body))

    def create_raw(self, case: NewCase) -> tuple[int, dict[str, Any]]:
        """Create a case, as `create_case`; gives the reply as it came."""
        body = case.body(nested_contact=self.settings.nested_contact)
        call = self._call("createCase", write_json(body), write=True)
        return self.session.call(call, _as_it_came)

    def create_task(self, task: NewTask) -> Record | None:
        """Create a task of a case; as `create_case`."""
        body = task.body()
        call = self._call("createTask", write_json(body), write=True)
        return self.session.call(call, lambda r: self._made(r, Entity.TASK, body))

    def update_case(self, key: Key, changes: Changes) -> Record:
        """Change what is set; there is no precondition, the last writer wins."""
        return self._update("updateCase", Entity.CASE, key, changes)

    def update_task(self, key: Key, changes: Changes) -> Record:
        """Change what is set; a task cannot be moved to another case."""
        return self._update("updateTask", Entity.TASK, key, changes)

    def server_time(self) -> datetime | None:
        """Give the newest `Date` a reply carried; None before the first reply."""
        return self.session.server_time()

    def _update(
        self, operation: str, entity: Entity, key: Key, changes: Changes
    ) -> Record:
        path = f"{operation}/{quote(local_id(key), safe='')}"
        call = self._call(path, write_json(changes.body()), write=True, key=key)
        return self.session.call(call, lambda reply: self._changed(reply, entity, key))

    def _changed(self, reply: Reply, entity: Entity, key: Key) -> Record:
        """Read the reply to an update, which has to be the record written.

        A body of null, an envelope, or another record prove nothing about what
        happened.
        """
        payload = read_json(reply.body)
        if key_of(payload) is None:
            raise Unusable("not a record")
        if key_of(payload) != key:
            raise Unusable("another record")
        self.catalogue.learn(payload, entity)
        tags = payload.get("tags")
        # What is sent holds no tag twice.
        self.appends |= isinstance(tags, list) and _holds_repeats(tags)
        return record_of(payload, entity)

    def _made(
        self, reply: Reply, entity: Entity, body: Mapping[str, Any]
    ) -> Record | None:
        """Read the reply to a create; None when it is a record but tells no id.

        A record that an earlier create made, or that belongs to another case, comes
        from another reply: nothing is known about this create then.
        """
        payload = read_json(reply.body)
        if not isinstance(payload, dict):
            raise Unusable("not a record")
        if not payload.get("_id") and text(payload.get("refId")):
            return None
        if not isinstance(payload.get("_id"), str):
            raise Unusable("a record without a usable id")
        if text(payload.get("caseId")) not in {"", body.get("caseId", "")}:
            raise Unusable("a record of another case")
        record = record_of(payload, entity)
        if record.fields.get("marker") not in {None, _marker(body)}:
            raise Unusable("the record of another create")
        with self._lock:
            if record.key in self._created:
                raise Unusable("the record of an earlier create")
            self._created.add(record.key)
        self.catalogue.learn(payload, entity)
        return record

    def _call(
        self,
        path: str,
        content: bytes,
        *,
        write: bool = False,
        listing: bool = False,
        key: Key | None = None,
    ) -> Call:
        return Call(
            operation=path.partition("/")[0],
            method="POST",
            target=f"{self._root}/{path}",
            content=content,
            write=write,
            listing=listing,
            key=key,
        )


def _as_it_came(reply: Reply) -> tuple[int, dict[str, Any]]:
    payload = read_json(reply.body)
    if not isinstance(payload, dict):
        raise Unusable("not a record")
    return reply.status, payload


def _marker(body: Mapping[str, Any]) -> Value | None:
    """Give the key that a create carries."""
    fields: dict[str, Value] = {name: body[name] for name in MARKED_TEXTS}
    take_marks(fields)
    return fields.get("marker")


def _holds_repeats(tags: list[Any]) -> bool:
    texts = [text(tag) for tag in tags]
    return len(texts) != len(set(texts))


def _session(
    settings: KoreSettings,
    clock: Clock,
    transport: httpx.BaseTransport | None,
    waiting: Waiting | None,
) -> Session:
    counter = Counter()
    limiter = Limiter(
        "kore",
        clock=clock,
        per_minute=settings.requests_per_minute,
        per_hour=settings.requests_per_hour,
        waiting=waiting,
        waited=counter.count_wait,
    )
    if settings.sent_file:
        limiter.keep_in(Sent(settings.sent_file, now=clock.now))
    rules = RetryRules(
        max_attempts=settings.max_attempts, patience_s=settings.patience_s
    )
    return Session(
        wire=Wire(
            normalise_base_url(settings.base_url, "kore.base_url"),
            clock=clock,
            timeout_s=settings.timeout_s,
            ca_file=settings.ca_file,
            transport=transport,
        ),
        limiter=limiter,
        retrier=Retrier(rules, clock=clock, limited=limiter.hold, waiting=waiting),
        translator=Translator(
            "kore",
            default_wait_s=settings.limit_wait_s,
            scope_401=True,
            stale=frozenset({409}),
            scope_hint=_SCOPE_HINT,
        ),
        credentials=KoreCredentials(settings, now=clock.now),
        counter=counter,
    )
