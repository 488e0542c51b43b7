"""Reading casemgr: the reading half of `ports.CasemgrSystem`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from caseferry.adapters.casemgr.client import CasemgrClient, Rows
from caseferry.adapters.casemgr.customers import carries, customer_of, filter_of
from caseferry.adapters.casemgr.paging import Listing, Way, batches, rows_of_ids
from caseferry.adapters.casemgr.payload import activity_of, case_of, id_of, note_of
from caseferry.adapters.casemgr.settings import CasemgrSettings
from caseferry.adapters.exchange import Unusable
from caseferry.adapters.shapes import text
from caseferry.errors import NotFound, Refused, Scope, Unexpected
from caseferry.model.canary import is_canary
from caseferry.model.customer import Customer
from caseferry.model.record import Key, Record, local_id
from caseferry.ports import Page

UNSUPPORTED_PARAMETER = "refused-400-101"
LOOKUP_UNSUPPORTED = "lookup-unsupported"

# The actor table says the first, the samples say the second; the tenant decides.
_EPOCH = "1970-01-01T00:00:00.000Z"
_DATE_FILTERS = (("createdDate", "lastModifiedDate"), ("created", "lastModified"))
_FIRST_TRIED = {"": 0, "date": 0, "plain": 1, "unsupported": 2}
_PASSES = 3  # the first, and two more for a listing that moved

Pair = tuple[str, str]
Shape = Callable[[dict[str, Any]], Record]
Ask = Callable[..., Rows]
"""Asks for one page, given the paging parameters."""


class CasemgrReader:
    """Listings, look-ups and batches; safe to use from several threads."""

    def __init__(self, client: CasemgrClient, settings: CasemgrSettings) -> None:
        self._client = client
        self._key_attribute = settings.activity_key_attribute
        self._way = Way()
        # index into _DATE_FILTERS; beyond its end: none works
        self._date_filter = _FIRST_TRIED[settings.date_names]
        self._modified_filter = settings.modified_filter
        self._case_lookup = settings.case_lookup
        self._date_filter_proved = False
        self._notes_page = True

    @property
    def key_attribute(self) -> str:
        """The activity attribute that holds our keys."""
        return self._key_attribute

    def activities(
        self, department: str, created_from: str | None = None
    ) -> Iterator[Page]:
        """Read all activities of a department, by id; see `ports.CasemgrSystem`.

        Shape: up to 75 records a page. A listing that moved is read again, twice at
        most. Memory: one short text per record.
        """
        where = [("department", department)]
        # A tenant may ask for a filter beside the department: this one lets all pass.
        where += self._created(department, created_from or _EPOCH)
        return self._activities(where)

    def cases(self, department: str) -> Iterator[Page]:
        """Read all cases of a department, open and closed."""
        where = [("department", department)]
        pages = self._cases(where)
        try:
            first = next(pages, None)
        except Refused:
            # A tenant may ask for a filter beside the department.
            whole = False
            for page in self._cases([*where, ("status", "open")]):
                whole = page.last
                yield replace(page, last=False)
            for page in self._cases([*where, ("status", "closed")]):
                yield replace(page, last=page.last and whole)
            return
        if first is not None:
            yield first
            yield from pages

    def activities_changed(self, department: str, since: str) -> Iterator[Page] | None:
        """Read the activities that changed at or after a time; reads a page at once."""
        while self._modified_filter and self._date_filter < len(_DATE_FILTERS):
            at = self._date_filter
            window = (_DATE_FILTERS[at][1], f"[{since},]")
            pages = self._activities([("department", department), window])
            try:
                first = next(pages)
            except Refused as error:
                if error.code != UNSUPPORTED_PARAMETER or self._date_filter_proved:
                    self._modified_filter = False
                    break
                self._date_filter = at + 1  # the same answer in every thread
                continue
            self._date_filter_proved = True
            return chain((first,), pages)
        return None

    def cases_changed(self, department: str, since: str) -> Iterator[Page] | None:
        """Read the cases that changed at or after a time; reads a page at once."""
        if not self._case_lookup:
            return None
        body = {"department": department, "lastModifiedDate": f"[{since},]"}

        def ask(*page: Pair) -> Rows:
            return self._client.look_up_cases(body, ("$attribute", "all"), *page)

        pages = self._listing(ask, case_of)
        try:
            first = next(pages)
        except (Refused, NotFound):
            self._case_lookup = False
            return None
        return chain((first,), pages)

    def requests(self) -> int:
        """Give how many requests were sent so far, those for tokens left out."""
        return self._client.counter.sent

    def get_activities(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """Read activities by id; those not visible are left out."""
        return self._by_id("activity", activity_of, keys)

    def get_cases(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """Read cases by id; those not visible are left out."""
        return self._by_id("case", case_of, keys)

    def activities_of(self, case: Key, department: str) -> tuple[Record, ...]:
        """Read all activities of one case."""
        where = [("department", department), ("caseID", local_id(case))]
        pages = self._activities(where)
        newest = {record.key: record for page in pages for record in page.records}
        # What a search by case gave belongs to it, also when it does not say so.
        homed = (r if r.parent else replace(r, parent=case) for r in newest.values())
        return tuple(record for record in homed if record.parent == case)

    def find_activities(self, correlation: str, department: str) -> tuple[Record, ...]:
        """Look a correlation key up.

        Raises:
            Refused: code `lookup-unsupported`: the tenant cannot search by this
                attribute, or gives records that do not carry the key.
        """
        name = f"custom.{self._key_attribute}"
        where = [("department", department), (name, correlation)]
        found: list[Record] = []
        for rows in self._search("activities", "activity", where):
            records = [_record(activity_of, row) for row in rows]
            found += [r for r in records if r.fields.get(name) == correlation]
            if records and not found:
                # An exact search gave something else: the filter is ignored, or the
                # attribute is not in replies; an empty answer would prove nothing.
                raise _unsupported("casemgr found activities without the key")
        return tuple(found)

    def find_customers(
        self, attribute: str, value: str, department: str
    ) -> tuple[str, ...]:
        """Give the ids of the customers that carry exactly this contact attribute."""
        where = [("department", department), filter_of(attribute, value)]
        rows = self._search("customers", "customer", where)
        ids = [_id(r) for page in rows for r in page if carries(r, attribute, value)]
        return tuple(dict.fromkeys(ids))

    def get_customers(self, ids: Sequence[str]) -> dict[str, Customer]:
        """Read customers by id, any number; those not visible are left out."""

        def ask(joined: str) -> Rows:
            return self._client.rows_by_id("customer", "customer", joined)

        wanted = frozenset(ids) - {""}
        found: dict[str, Customer] = {}
        for batch in batches([i for i in ids if i]):
            for row in rows_of_ids(ask, batch):
                customer = _customer(row)
                if customer.id in wanted:
                    found[customer.id] = customer
        return found

    def notes(self, key: Key) -> tuple[str, ...]:
        """Read the texts of the notes on an activity or a case."""
        path = "case_note" if key.startswith("casemgr:case:") else "activity_note"
        if self._notes_page:
            try:
                return tuple(self._all_notes(path, key))
            except Refused as error:
                if error.code != UNSUPPORTED_PARAMETER:
                    raise
                self._notes_page = False
        rows, _ = self._client.notes(path, local_id(key))
        return tuple(note_of(row) for row in rows)

    def attribute_names(self, path: str) -> tuple[str, ...] | None:
        """Give the custom attributes that are configured; None when nobody tells."""
        try:
            rows = self._client.attributes(path, "attribute")
        except (Refused, NotFound, Unexpected):
            return None
        named = (text(row.get("name", row.get("attribName"))) for row in rows)
        names = tuple(sorted({name.removeprefix("custom.") for name in named if name}))
        return names if names or not rows else None

    def _all_notes(self, path: str, key: Key) -> Iterator[str]:
        def ask(*page: Pair) -> Rows:
            return self._client.notes(path, local_id(key), *page)

        # The older API pages notes; ranges of them nobody has seen.
        for rows in Listing(ask, Way(ranges=False)).pages():
            yield from (note_of(row) for row in rows)

    def _created(self, department: str, created_from: str) -> list[Pair]:
        """Give the date filter this tenant takes; found out with one small read."""
        while self._date_filter < len(_DATE_FILTERS):
            at = self._date_filter
            pair = (_DATE_FILTERS[at][0], f"[{created_from},]")
            if self._date_filter_proved:
                return [pair]
            probe = (("department", department), pair, ("$pagesize", "1"))
            try:
                self._client.rows("activities", "activity", *probe)
            except Refused as error:
                if error.code != UNSUPPORTED_PARAMETER:
                    raise
                self._date_filter = at + 1  # the same answer in every thread
                continue
            self._date_filter_proved = True
            return [pair]
        return []

    def _search(
        self, path: str, name: str, where: list[Pair]
    ) -> Iterator[list[dict[str, Any]]]:
        try:
            yield from Listing(self._asking(path, name, where), self._way).pages()
        except Refused as error:
            if error.code == UNSUPPORTED_PARAMETER:
                raise _unsupported(error.message) from error
            raise

    def _activities(self, where: list[Pair]) -> Iterator[Page]:
        return self._listing(self._asking("activities", "activity", where), activity_of)

    def _cases(self, where: list[Pair]) -> Iterator[Page]:
        return self._listing(self._asking("cases", "case", where), case_of)

    def _listing(self, ask: Ask, shape: Shape) -> Iterator[Page]:
        """Read a listing until a reading proves itself, or repeats the one before."""
        given: set[str] = set()
        before: set[str] | None = None
        for attempt in range(_PASSES):
            listing = Listing(ask, self._way)
            held: Page | None = None
            for rows in listing.pages():
                if held is not None:
                    yield held
                records, at = _not_given(rows, shape, given), self._client.server_time()
                held = Page(records=records, last=False, at=at)
            whole = listing.is_proved or listing.seen == before
            last = whole or attempt == _PASSES - 1
            if held is not None:
                yield replace(held, last=whole)
            if last:
                return
            before = listing.seen

    def _asking(self, path: str, name: str, where: list[Pair]) -> Ask:
        def ask(*page: Pair) -> Rows:
            return self._client.rows(path, name, *where, ("$attribute", "all"), *page)

        return ask

    def _by_id(self, name: str, shape: Shape, keys: Sequence[Key]) -> dict[Key, Record]:
        def ask(ids: str) -> Rows:
            return self._client.rows_by_id(name, name, ids)

        wanted = frozenset(keys)
        found: dict[Key, Record] = {}
        for batch in batches([local_id(key) for key in keys]):
            for row in rows_of_ids(ask, batch):
                record = _record(shape, row)
                if record.key in wanted:
                    found[record.key] = record
        return found


def _not_given(
    rows: list[dict[str, Any]], shape: Shape, given: set[str]
) -> tuple[Record, ...]:
    fresh = []
    for row in rows:
        record = _record(shape, row)
        mark = f"{record.key} {record.version}"
        if mark not in given:
            given.add(mark)
            if not is_canary(record):
                fresh.append(record)
    return tuple(fresh)


def _record(shape: Shape, row: dict[str, Any]) -> Record:
    try:
        return shape(row)
    except Unusable as why:
        raise Unexpected(f"casemgr gave {why}") from None


def _customer(row: dict[str, Any]) -> Customer:
    try:
        return customer_of(row)
    except Unusable as why:
        raise Unexpected(f"casemgr gave {why}") from None


def _id(row: dict[str, Any]) -> str:
    try:
        return id_of(row)
    except Unusable as why:
        raise Unexpected(f"casemgr gave {why}") from None


def _unsupported(message: str) -> Refused:
    error = Refused(
        message,
        code=LOOKUP_UNSUPPORTED,
        system="casemgr",
        hint="configure the attribute on the tenant, then run `caseferry check`",
    )
    error.scope = Scope.RUN
    return error
