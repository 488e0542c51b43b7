"""casemgr as the engine sees it; implements `ports.CasemgrSystem`."""

from collections.abc import Mapping
from datetime import datetime

import httpx

from caseferry.adapters.casemgr.client import CasemgrClient, is_done
from caseferry.adapters.casemgr.paging import LARGEST_PAGE
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
from caseferry.adapters.exchange import Waiting
from caseferry.errors import InvariantBroken, Refused
from caseferry.model.action import ActivityDraft
from caseferry.model.record import Key, Value, activity_key, local_id
from caseferry.ports import Clock

_SHAPES: tuple[ContentShape, ...] = ("v3", "v12", "text")


class CasemgrHttp(CasemgrReader):
    """The casemgr and customermgr APIs; safe to use from several threads.

    Every write is one request, sent again only when it surely was not executed.
    """

    def __init__(self, client: CasemgrClient, settings: CasemgrSettings) -> None:
        super().__init__(client, settings.activity_key_attribute)
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
        has_content = any(name.startswith("content.") for name in draft.fields)
        while True:
            shape = self._shape
            try:
                found = self._create(draft, _SHAPES[shape])
            except Refused as error:
                if self._shape_proved or not (has_content and _is_of_content(error)):
                    raise
                if shape + 1 == len(_SHAPES):
                    self._shape = 0
                    raise
                self._shape = shape + 1
                continue
            self._shape_proved |= has_content
            return activity_key(found) if found else None

    def edit_activity(
        self, key: Key, version: str, fields: Mapping[str, Value]
    ) -> None:
        """Set `priority`, `dueDate` and `custom.*` of an assigned activity."""
        body = edit_activity_body(key, version, fields)
        self.client.write("PUT", "edit_activity", body, parse=is_done, key=key)

    def edit_case(self, key: Key, version: str, fields: Mapping[str, Value]) -> None:
        """Set fields of an open case; a `dueDate` that is left out is removed."""
        body = edit_case_body(key, version, fields)
        self.client.write("PUT", "edit_case", body, parse=is_done, key=key)

    def complete_activities(self, versions: Mapping[Key, str]) -> None:
        """Complete up to 75 assigned activities; a case without open ones is closed."""
        if not 0 < len(versions) <= LARGEST_PAGE:
            raise InvariantBroken(f"{len(versions)} activities to complete at once")
        key = next(iter(versions)) if len(versions) == 1 else None
        self.client.write(
            "PUT", "complete", complete_body(versions), parse=is_done, key=key
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

    def _create(self, draft: ActivityDraft, shape: ContentShape) -> str | None:
        body = create_body(draft, self._settings.activity_key_attribute, shape)
        return self.client.create("create", "activity", body, *create_query(draft))


def _is_of_content(error: Refused) -> bool:
    return "content" in error.message.lower()
