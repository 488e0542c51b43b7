"""Kore as the engine sees it; implements `ports.KoreSystem`."""

from collections.abc import Mapping
from dataclasses import replace

import httpx

from caseferry.adapters.counter import Counter
from caseferry.adapters.exchange import Waiting
from caseferry.adapters.kore.client import KoreClient
from caseferry.adapters.kore.drafts import new_case, new_task
from caseferry.adapters.kore.fields import CUSTOM, are_shown, top_level_of
from caseferry.adapters.kore.reader import KoreReader
from caseferry.adapters.kore.settings import KoreSettings
from caseferry.adapters.kore.updates import changes_of
from caseferry.adapters.kore.writes import Changes
from caseferry.errors import Refused
from caseferry.model.kore_draft import CaseDraft, TaskDraft
from caseferry.model.record import Entity, Record, Value
from caseferry.ports import Clock


class KoreHttp(KoreReader):
    """The Kore case management API; safe to use from several threads.

    Every write is one request, sent again only when it surely was not executed; only
    the first update of a custom field may take two, to learn how this tenant takes it.
    """

    def __init__(self, client: KoreClient) -> None:
        super().__init__(client)
        self._place = client.settings.marker
        self._top_level = False
        self._top_level_tried = False

    @classmethod
    def build(
        cls,
        settings: KoreSettings,
        *,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
        waiting: Waiting | None = None,
    ) -> "KoreHttp":
        """Put the system together; opens no connection."""
        return cls(
            KoreClient.build(
                settings, clock=clock, transport=transport, waiting=waiting
            )
        )

    @property
    def counter(self) -> Counter:
        """What was sent so far."""
        return self.client.counter

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def create_case(self, draft: CaseDraft) -> Record | None:
        """Create a case; not idempotent, see `ports.KoreSystem`.

        The record is as the reply shows it, but for a due date that only we made up:
        it is shown as `marker.due`, as by every later read.
        """
        record = self.client.create_case(new_case(draft, self._place))
        if record is None or not draft.is_due_synthetic:
            return record
        fields = dict(record.fields)
        if fields.get("dueDate") == draft.due:
            fields["marker.due"] = fields.pop("dueDate")
        return replace(record, fields=fields)

    def create_task(self, draft: TaskDraft) -> Record | None:
        """Create a task of an open case; not idempotent, see `ports.KoreSystem`."""
        return self.client.create_task(new_task(draft, self._place))

    def update(
        self, record: Record, fields: Mapping[str, Value], correlation: str
    ) -> Record:
        """Set fields of a case or task; see `ports.KoreSystem`.

        "" as a value clears a field. Sends nothing when nothing would change.
        """
        changes = changes_of(
            record,
            fields,
            correlation,
            catalogue=self.client.catalogue,
            appends=self.client.appends,
        )
        if changes is None:
            return record
        custom = {n: v for n, v in fields.items() if n.startswith(CUSTOM)}
        if not custom:
            return self._send(record, changes)
        elements = self.client.catalogue.elements(
            record.entity, record.text("template")
        )
        beside = Changes(top_level=top_level_of(custom, elements))
        if self._top_level:
            both = changes.model_copy(update={"top_level": beside.top_level})
            return self._send(record, both)
        echo = self._send(record, changes)
        if self._top_level_tried or not beside.top_level or are_shown(echo, custom):
            return echo
        return self._try_top_level(echo, custom, beside)

    def _try_top_level(
        self, echo: Record, custom: Mapping[str, Value], beside: Changes
    ) -> Record:
        """Write custom fields as keys of their own: `fields` alone did not do it."""
        try:
            again = self._send(echo, beside)
        except Refused:
            self._top_level_tried = True
            return echo
        self._top_level = are_shown(again, custom)
        self._top_level_tried = True
        return again

    def _send(self, record: Record, changes: Changes) -> Record:
        if record.entity is Entity.TASK:
            return self.client.update_task(record.key, changes)
        return self.client.update_case(record.key, changes)
