"""casemgr as the engine sees it; implements `ports.CasemgrSystem`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import httpx

from caseferry.adapters.casemgr.client import CasemgrClient, is_done
from caseferry.adapters.casemgr.paging import LARGEST_PAGE
from caseferry.adapters.casemgr.payload import created_id
from caseferry.adapters.casemgr.reader import CasemgrReader
from caseferry.adapters.casemgr.settings import CasemgrSettings
from caseferry.adapters.casemgr.writes import (
    ContentShape,
    complete_body,
    create_body,
    create_query,
    edit_activity_body,
    edit_case_body,
)
from caseferry.adapters.counter import Counter
from caseferry.adapters.exchange import Reply, Waiting
from caseferry.errors import Forbidden, InvariantBroken, Refused
from caseferry.model.action import ActivityDraft
from caseferry.model.record import Key, Record, Value, activity_key, local_id
from caseferry.ports import Clock

T = TypeVar("T")

NOT_YOURS = "forbidden-403-105"
_SET = 'set [casemgr] edit_as = "assignee"'
_ANOTHER = "; it may have been given to somebody else since it was read"
_SHAPES: tuple[ContentShape, ...] = ("v3", "v12", "text")


class CasemgrHttp(CasemgrReader):
    """The casemgr and customermgr APIs; safe to use from several threads.

    Every write is one request, sent again only when it surely was not executed.
    """

    def __init__(self, client: CasemgrClient, settings: CasemgrSettings) -> None:
        super().__init__(client, settings)
        self.client = client
        self._settings = settings
        self._shape = 0  # index into _SHAPES
        self._shape_proved = False

    @classmethod
    def build(
        cls,
        settings: CasemgrSettings,
        *,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
        waiting: Waiting | None = None,
    ) -> "CasemgrHttp":
        """Put the system together; opens no connection."""
        client = CasemgrClient.build(
            settings, clock=clock, transport=transport, waiting=waiting
        )
        return cls(client, settings)

    @property
    def counter(self) -> Counter:
        """What was sent so far."""
        return self.client.counter

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def server_time(self) -> datetime | None:
        """Give the newest `Date` a reply carried; None before the first reply."""
        return self.client.server_time()

    # reads for `check` --------------------------------------------------------
    def probe_token(self) -> None:
        """Obtain a token.

        Raises:
            AuthFailed, Unreachable: none was given.
        """
        self.client.credentials.headers()

    def probe_department(self, department: str) -> None:
        """Read one activity and one case of a department.

        Raises:
            Refused, Forbidden: the department is unknown, or not visible.
        """
        where = (("department", department), ("$pagesize", "1"))
        self.client.rows("activities", "activity", *where)
        self.client.rows("cases", "case", *where)

    def activity_attributes(self) -> tuple[str, ...] | None:
        """Give the custom attributes of activities; None when nobody tells."""
        return self.attribute_names("activity_attributes")

    def case_attributes(self) -> tuple[str, ...] | None:
        """Give the custom attributes of cases; None when nobody tells."""
        return self.attribute_names("case_attributes")

    # writes -------------------------------------------------------------------
    def create_activity(self, draft: ActivityDraft) -> Key | None:
        """Create a task activity; not idempotent.

        The shape of a task's content is documented in two ways. A tenant that refuses
        one is offered the next, until it has taken one; a refusal executes nothing.
        """
        found = self.create_parsed(draft, lambda reply: created_id(reply, "activity"))
        return activity_key(found) if found else None

    def create_parsed(self, draft: ActivityDraft, parse: Callable[[Reply], T]) -> T:
        """Create a task activity, as `create_activity`; gives what was made of it."""
        has_content = any(name.startswith("content.") for name in draft.fields)
        while True:
            shape = self._shape
            try:
                found = self._create(draft, _SHAPES[shape], parse)
            except Refused as error:
                if self._shape_proved or not (has_content and _is_of_content(error)):
                    raise
                if shape + 1 == len(_SHAPES):
                    self._shape = 0
                    raise
                self._shape = shape + 1
                continue
            self._shape_proved |= has_content
            return found

    def actor_of(self, activity: Record) -> str:
        """Tell in whose name an activity is edited and completed; "" is our own."""
        if self._settings.edit_as == "client":
            return ""
        return activity.text("assignee")

    def edit_activity(
        self, key: Key, version: str, fields: Mapping[str, Value], *, actor: str = ""
    ) -> None:
        """Set `priority`, `dueDate` and `custom.*` of an assigned activity."""
        body = edit_activity_body(key, version, fields)
        with _in_the_name_of(actor):
            self.client.write(
                "PUT", "edit_activity", body, parse=is_done, key=key, actor=actor
            )

    def edit_case(self, key: Key, version: str, fields: Mapping[str, Value]) -> None:
        """Set fields of an open case; a `dueDate` that is left out is removed."""
        body = edit_case_body(key, version, fields)
        self.client.write("PUT", "edit_case", body, parse=is_done, key=key)

    def complete_activities(
        self, versions: Mapping[Key, str], *, actor: str = ""
    ) -> None:
        """Complete up to 75 assigned activities; a case without open ones is closed."""
        if not 0 < len(versions) <= LARGEST_PAGE:
            raise InvariantBroken(f"{len(versions)} activities to complete at once")
        key = next(iter(versions)) if len(versions) == 1 else None
        body = complete_body(versions)
        with _in_the_name_of(actor):
            self.client.write(
                "PUT", "complete", body, parse=is_done, key=key, actor=actor
            )

    def close_case(self, key: Key) -> None:
        """Close an open case; its open activities are completed first, whosever."""
        self.client.write(
            "PUT", "close", None, parse=is_done, ids=local_id(key), key=key
        )

    def add_note(self, key: Key, text: str) -> None:
        """Append a note to an activity or a case; not idempotent."""
        path = "case_note" if key.startswith("casemgr:case:") else "activity_note"
        self.client.write(
            "POST", path, {"content": text}, parse=is_done, ids=local_id(key), key=key
        )

    def _create(
        self, draft: ActivityDraft, shape: ContentShape, parse: Callable[[Reply], T]
    ) -> T:
        body = create_body(draft, self._settings.activity_key_attribute, shape)
        pairs = tuple(create_query(draft))
        return self.client.write("POST", "create", body, parse=parse, pairs=pairs)


def _is_of_content(error: Refused) -> bool:
    return "content" in error.message.lower()


@contextmanager
def _in_the_name_of(actor: str) -> Iterator[None]:
    """Say what to do where a tenant lets only an activity's assignee change it."""
    try:
        yield
    except Forbidden as error:
        if error.code != NOT_YOURS:
            raise
        told = Forbidden(
            error.message + (_ANOTHER if actor else f"; only its assignee may: {_SET}"),
            hint="run the command again, which reads it anew" if actor else _SET,
            code=error.code,
            system=error.system,
            key=error.key,
            http_status=error.http_status,
        )
        told.scope = error.scope
        raise told from error
