"""What a casemgr tenant does where the documents are silent, found out by reading."""

import json
from collections.abc import Sequence
from typing import Any, Final

from caseferry.adapters.asking import Answers
from caseferry.adapters.casemgr.payload import activity_of, case_of
from caseferry.adapters.casemgr.probe_changes import by_window
from caseferry.adapters.casemgr.probe_shapes import ShapeProbe
from caseferry.adapters.casemgr.reader import UNSUPPORTED_PARAMETER
from caseferry.adapters.casemgr.system import CasemgrHttp
from caseferry.adapters.exchange import Call, Reply
from caseferry.adapters.json_text import read_json
from caseferry.adapters.shapes import items
from caseferry.errors import CaseferryError, Forbidden, NotFound, Refused
from caseferry.model.capability import Answer
from caseferry.model.record import System

_BY_WRITING: Final = (
    "create_reply",
    "complete_stale",
    "partial_complete",
    "actor_rule",
    "attribute_drop",
    "attribute_charset",
    "text_charset",
    "empty_attribute",
    "omitted_attributes",
    "edit_case_due_date",
    "edit_activity_due_date",
    "implicit_case_subject",
    "implicit_case_owner",
    "implicit_case_severity",
    "force_categorization",
    "activity_bumps_case",
    "note_bumps",
    "create_customer_absent",
    "several_customers",
    "search_lag_s",
)
_EPOCH: Final = "[1970-01-01T00:00:00.000Z,]"
_NOBODY: Final = "cf1.probe.nobody"
_FAR: Final = "100000"
_ROWS: Final = "25"
Row = dict[str, Any]
Found = tuple[object, str] | str


def probe_casemgr(
    system: CasemgrHttp, departments: Sequence[str], *, quick: bool, now: str
) -> list[Answer]:
    """Ask what C 8.1 and 10 leave open; reads only.

    Sends at most 27 requests, 8 when `quick`, however many records there are.

    Raises:
        AuthFailed, Forbidden, Unreachable: casemgr cannot be read at all.
    """
    return _CasemgrProbe(system, departments, now).run(quick=quick)


class _CasemgrProbe:
    """One probe; asks in the first department that can be read."""

    def __init__(
        self, system: CasemgrHttp, departments: Sequence[str], now: str
    ) -> None:
        self._system = system
        self._client = system.client
        self._answers = Answers(System.CASEMGR, now)
        self._departments = departments
        self._home = departments[0] if departments else ""
        self._dates = ""
        self._activities: list[Row] = []
        self._cases: list[Row] = []

    def run(self, *, quick: bool) -> list[Answer]:
        answers = self._answers
        answers.ask("date_filter_names", self._date_filter_names)
        answers.ask("department_alone", self._department_alone)
        answers.ask("activity_custom_filter", lambda: self._custom("activities"))
        shapes = ShapeProbe(answers, self._activities)
        shapes.run(quick=quick)
        if not quick:
            self._cases = self._some_cases()
            answers.ask("case_custom_filter", lambda: self._custom("cases"))
            answers.ask("modified_filter", self._modified_filter)
            answers.ask("case_lookup_dates", self._case_lookup_dates)
            answers.ask("activity_department", self._activity_department)
            answers.ask("page_beyond_end", self._page_beyond_end)
            answers.ask("unknown_ids", self._unknown_ids)
            answers.ask("case_subject", self._case_subject)
            self._harvest()
        answers.clock(self._client.server_time())
        answers.only_writes(*_BY_WRITING)
        return answers.found

    def _some_cases(self) -> list[Row]:
        """Read a few cases; a tenant may ask for a filter beside the department."""
        try:
            return self._list("cases")
        except Refused:
            return self._list("cases", ("status", "open"))

    # filters ------------------------------------------------------------------------

    def _date_filter_names(self) -> Found:
        for value, name in (("date", "createdDate"), ("plain", "created")):
            try:
                self._activities += self._list("activities", (name, _EPOCH))
            except Refused:
                continue
            self._dates = name
            return value, f"{name} is taken"
        self._activities += self._list("activities", ("type", "task"))
        return "unsupported", "createdDate and created are refused"

    def _department_alone(self) -> Found:
        try:
            self._list("activities")
        except Refused as error:
            return "refused", f"department alone: {error.code}"
        return "accepted", "department alone is filter enough"

    def _custom(self, path: str) -> Found:
        """Ask for a key that nobody has, in both spellings."""
        attribute = self._system.key_attribute
        plain = json.dumps({attribute: _NOBODY})  # what it takes is written nowhere
        for value, name, wanted in (
            ("dotted", f"custom.{attribute}", _NOBODY),
            ("custom", "custom", plain),
        ):
            try:
                rows = self._list(path, (name, wanted))
            except Refused as error:
                if error.code == UNSUPPORTED_PARAMETER:
                    continue
                return value, f"{name} is known, its value refused: {error.code}"
            if rows:
                return "ignored", f"{name} is taken and changes nothing"
            if not (self._activities if path == "activities" else self._cases):
                return "nothing is there that a filter could leave out"
            return value, f"{name} is taken and leaves all others out"
        return "unsupported", "both spellings are refused"

    def _modified_filter(self) -> Found:
        if not self._dates:
            return "unsupported", "no date filter is taken"
        name = {"createdDate": "lastModifiedDate", "created": "lastModified"}

        def ask(window: str) -> list[Row]:
            return self._list("activities", (name[self._dates], window))

        return by_window(
            [activity_of(row) for row in self._activities], ask, activity_of
        )

    def _case_lookup_dates(self) -> Found:
        def ask(window: str) -> list[Row]:
            body = {"department": self._home, "lastModifiedDate": window}
            rows, _ = self._client.look_up_cases(body, ("$pagesize", _ROWS))
            return rows

        return by_window([case_of(row) for row in self._cases], ask, case_of)

    def _activity_department(self) -> Found:
        if not self._dates:
            return "without a date filter nothing else is filter enough"
        try:
            self._read("activities", ("$pagesize", "1"), (self._dates, _EPOCH))
        except (Refused, Forbidden) as error:
            return "required", f"without a department: {error.code}"
        return "optional", "a search without a department is answered"

    # pages and ids --------------------------------------------------------------------

    def _page_beyond_end(self) -> Found:
        where = (("$pagesize", _ROWS), ("$pagenum", _FAR), *self._where())
        try:
            status, value = self._read("activities", *where)
        except Refused as error:
            return "400", f"a page far beyond the end: {error.code}"
        if status == 204:  # noqa: PLR2004 - status codes name themselves
            return "204", "a page far beyond the end is empty"
        return "empty_list", f"a page far beyond the end: {len(_rows(value))} rows"

    def _unknown_ids(self) -> Found:
        if not self._activities:
            return "no activity is known"
        ids = f"{self._activities[0].get('id')},999999999"
        try:
            _, value = self._read("activity", ids=ids)
        except NotFound:
            return "404", "one id known and one not"
        return "subset", f"{len(_rows(value))} of two ids given"

    def _case_subject(self) -> Found:
        if not self._cases:
            return "no case was seen"
        ends = [
            str(r.get("subject", "")).endswith(f"[#{r.get('id')}]") for r in self._cases
        ]
        if all(ends):
            return "suffix", f"{len(ends)} subjects end in their number"
        return "plain", f"{ends.count(False)} of {len(ends)} subjects have none"

    # what is there --------------------------------------------------------------------

    def _harvest(self) -> None:
        settle = self._answers.settle
        readable = [name for name in self._departments if self._can_read(name)]
        settle("departments", readable, f"{len(self._departments)} asked for")
        activities = [activity_of(row) for row in self._activities]
        cases = [case_of(row) for row in self._cases]
        seen = f"{len(activities)} activities and {len(cases)} cases read"
        for name, field in (
            ("activity_types", "type"),
            ("subtypes", "subtype"),
            ("statuses", "status"),
            ("priorities", "priority"),
        ):
            settle(name, sorted({r.text(field) for r in activities} - {""}), seen)
        settle("severities", sorted({r.text("severity") for r in cases} - {""}), seen)
        for name, ask in (
            ("activity_attributes", self._system.activity_attributes),
            ("case_attributes", self._system.case_attributes),
        ):
            known = ask()
            words = "told by the tenant" if known is not None else "not told"
            settle(name, None if known is None else list(known), words)

    def _can_read(self, department: str) -> bool:
        if department == self._home:
            return True
        try:
            where = (("department", department), ("status", "open"))
            self._read("cases", ("$pagesize", "1"), *where)
        except CaseferryError:
            return False
        return True

    # asking ---------------------------------------------------------------------------

    def _where(self) -> tuple[tuple[str, str], ...]:
        by_date = (self._dates, _EPOCH) if self._dates else ("type", "task")
        return ("department", self._home), by_date

    def _list(self, path: str, *pairs: tuple[str, str]) -> list[Row]:
        where = (("department", self._home), *pairs)
        size = (("$attribute", "all"), ("$pagesize", _ROWS))
        return _rows(self._read(path, *where, *size)[1])

    def _read(
        self, path: str, *pairs: tuple[str, str], ids: str = ""
    ) -> tuple[int, Any]:
        target = self._client.target(path, *pairs, ids=ids)
        call = Call(operation=path, method="GET", target=target, listing=not ids)
        return self._client.session.call(call, _raw)


def _raw(reply: Reply) -> tuple[int, Any]:
    return reply.status, read_json(reply.body) if reply.body.strip() else {}


def _rows(value: Any) -> list[Row]:  # noqa: ANN401 - any JSON value
    """Give the rows of a listing of either entity."""
    if not isinstance(value, dict):
        return []
    return [*items(value.get("activity")), *items(value.get("case"))]
