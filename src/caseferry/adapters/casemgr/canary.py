"""What only a write can tell about a casemgr tenant, asked with one throw-away task."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from caseferry.adapters.asking import Answers
from caseferry.adapters.casemgr.customers import EMAIL
from caseferry.adapters.casemgr.payload import created_id
from caseferry.adapters.casemgr.probe_shapes import Row, ShapeProbe
from caseferry.adapters.casemgr.system import NOT_YOURS, CasemgrHttp
from caseferry.adapters.exchange import Reply
from caseferry.adapters.json_text import read_json
from caseferry.adapters.waiting import until_seen
from caseferry.errors import Forbidden, InDoubt, Refused, VersionMismatch
from caseferry.model.action import ActivityDraft, CustomerDraft
from caseferry.model.canary import TEXT, Canary, Keep
from caseferry.model.record import Key, Record, activity_key, local_id
from caseferry.model.times import canonical_time
from caseferry.ports import Clock

_DUE: Final = timedelta(days=30)
_OPEN: Final = ("assigned", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class CasemgrGround:
    """What a canary of casemgr needs.

    Attributes:
        department, subtype, assignee: where it lands.
        contact: the e-mail address of a customer, who is made where there is none.
        visibility_lag_s: how long to wait for it at most.
    """

    department: str
    subtype: str
    assignee: str
    contact: str
    visibility_lag_s: float


class CasemgrCanary:
    """Writes one task activity, watches what becomes of it and its case, ends both."""

    def __init__(
        self,
        system: CasemgrHttp,
        ground: CasemgrGround,
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
        self._due = canonical_time(clock.now() + _DUE)
        self._outdated = ""  # what a completion by an outdated stamp came to

    def write(self, canary: Canary) -> Canary:
        """Create the activity and ask with it what a create keeps and shows.

        Gives the canary with its key, where anything told it.

        Raises:
            CaseSystemError: the create was refused, or not executed.
        """
        draft = self._draft(canary)
        self._keep(canary)
        key = None
        try:
            reply = self._system.create_parsed(draft, lambda it: it)
        except InDoubt:
            pass
        else:
            key = self._reply(reply)
        if key is None or not self._is_dropped(key):
            key = self._search(canary) or key
        made = replace(canary, key=key, state="made" if key else "sent")
        self._keep(made)
        return made

    def ask(self, canary: Canary) -> None:
        """Ask with an edit of each what an edit keeps; the case gets its name."""
        if (key := canary.key) is None:
            return
        activity, case = self._read(key)
        rows, _ = self._client.rows_by_id("activity", "activity", local_id(key))
        self._shapes(rows)
        self._implied(canary, case)
        self._edit_case(canary, case)  # first of all: it is told by its name
        activity, case = self._read(key)
        self._edit_activity(activity, case)
        stale = activity.version
        activity, case = self._read(key)
        if activity.version != stale:
            self._stale(activity, stale)

    def close(self, canary: Canary) -> Canary:
        """Complete the activity and close the case; safe to repeat.

        Raises:
            CaseSystemError: one of them is open still, or may be.
        """
        if canary.key is None:
            return canary
        activity, case = self._read(canary.key)
        refused: Refused | Forbidden | None = None
        if activity.text("status") in _OPEN:
            refused = self._complete(activity)
            _, case = self._read(canary.key)
        if case.text("status") in _OPEN:
            self._close_case(case)
        activity, case = self._read(canary.key)
        if {activity.text("status"), case.text("status")} & set(_OPEN):
            text = f"{activity.key} or its case is open still"
            raise Refused(text, code="not-closed", system="casemgr", key=activity.key)
        self._completed(refused)
        done = replace(canary, state="closed")
        self._keep(done)
        return done

    def find(self, canary: Canary) -> Key | None:
        """Look for it by its key; None too where the tenant has no such search."""
        department = self._ground.department
        try:
            found = self._system.find_activities(canary.correlation, department)
        except Refused:
            return None
        return found[0].key if found else None

    # the create ---------------------------------------------------------------------

    def _draft(self, canary: Canary) -> ActivityDraft:
        ground = self._ground
        contact = ground.contact
        known = self._system.find_customers(EMAIL, contact, ground.department)
        return ActivityDraft(
            department=ground.department,
            subtype=ground.subtype,
            assignee=ground.assignee,
            customer=CustomerDraft(
                attribute=EMAIL,
                value=contact,
                create=not known,
                first_name="No contact",
                email=contact,
                placeholder=True,
            ),
            fields={
                "subject": canary.name,
                "content.text": TEXT,
                "priority": "3",
                "dueDate": self._due,
            },
            correlation=canary.correlation,
        )

    def _reply(self, reply: Reply) -> Key | None:
        """Tell where the reply to a create has the id, and give it."""
        found = created_id(reply, "activity")
        body = read_json(reply.body) if reply.body.strip() else {}
        way = "empty"
        if created_id(Reply(reply.status, b"", reply.headers), "activity"):
            way = "location"
        elif found is not None:
            way = "body" if isinstance(body, dict) and body.get("id") else "body_list"
        self._answers.settle("create_reply", way, f"status {reply.status}")
        return activity_key(found) if found else None

    def _is_dropped(self, key: Key) -> bool:
        activity, _ = self._read(key)
        name = f"custom.{self._system.key_attribute}"
        dropped = name not in activity.fields
        kept = "off" if not dropped else "on"
        self._answers.settle("attribute_drop", kept, f"{name} of a new activity")
        return dropped

    def _search(self, canary: Canary) -> Key | None:
        ground = self._ground
        found, lag_s = until_seen(
            lambda: self.find(canary), self._clock, ground.visibility_lag_s
        )
        if found is None:
            text = f"not found by its key within {ground.visibility_lag_s:.0f} s"
            self._answers.leave_open("search_lag_s", text)
        else:
            text = "until its key was found"
            self._answers.settle("search_lag_s", round(lag_s, 1), text)
        return found

    # edits --------------------------------------------------------------------------

    def _shapes(self, rows: list[Row]) -> None:
        seen = ShapeProbe(self._answers, rows)
        seen.run(quick=False)

    def _implied(self, canary: Canary, case: Record) -> None:
        """Tell what a case gets that came into being with its first activity."""
        settle, subject = self._answers.settle, case.text("subject")
        if subject in {"", canary.name}:
            way = "activity" if subject else "blank"
            settle("implicit_case_subject", way, "of the case of a new activity")
        if severity := case.text("severity"):
            settle("implicit_case_severity", severity, "of the case of a new activity")
        owner = "assignee" if case.text("owner") else "none"
        settle("implicit_case_owner", owner, "of the case of a new activity")

    def _edit_case(self, canary: Canary, case: Record) -> None:
        first = {"subject": canary.name, "dueDate": self._due}
        self._system.edit_case(case.key, case.version, first)
        case = self._system.get_cases([case.key])[case.key]
        if not case.text("dueDate"):
            self._answers.leave_open("edit_case_due_date", "an edit did not set it")
            return
        self._system.edit_case(case.key, case.version, {"description": TEXT})
        case = self._system.get_cases([case.key])[case.key]
        self._kept("edit_case_due_date", case)

    def _edit_activity(self, activity: Record, case: Record) -> None:
        actor = self._system.actor_of(activity)
        try:
            self._system.edit_activity(
                activity.key, activity.version, {"priority": "4"}, actor=actor
            )
        except Forbidden as error:
            if error.code != NOT_YOURS or actor:
                raise
            self._answers.settle("actor_rule", "assignee", error.code)
            return
        if not actor:
            self._answers.settle("actor_rule", "client", "the client's edit is taken")
        after, home = self._read(activity.key)
        if activity.text("dueDate"):
            self._kept("edit_activity_due_date", after)
        bumped = "yes" if home.version != case.version else "no"
        self._answers.settle("activity_bumps_case", bumped, "lastModified of its case")

    def _kept(self, name: str, record: Record) -> None:
        kept = "kept" if record.text("dueDate") else "removed"
        self._answers.settle(name, kept, "after an edit that leaves it out")

    # the end ------------------------------------------------------------------------

    def _stale(self, activity: Record, version: str) -> None:
        """Complete it by an outdated stamp: a tenant that looks refuses."""
        actor = self._system.actor_of(activity)
        try:
            self._system.complete_activities({activity.key: version}, actor=actor)
        except VersionMismatch:
            self._outdated = "409"
        except Refused:
            self._outdated = "400"
        else:
            self._outdated = "accepted"

    def _complete(self, activity: Record) -> Refused | Forbidden | None:
        actor = self._system.actor_of(activity)
        try:
            self._system.complete_activities(
                {activity.key: activity.version}, actor=actor
            )
        except (Refused, Forbidden) as error:
            return error
        return None

    def _close_case(self, case: Record) -> None:
        """Close the case by a call, unless somebody has put something else into it."""
        department = self._ground.department
        others = self._system.activities_of(case.key, department)
        if any(record.text("status") != "completed" for record in others):
            text = f"{case.key} holds an open activity of somebody else"
            raise Refused(text, code="not-closed", system="casemgr", key=case.key)
        self._system.close_case(case.key)

    def _completed(self, refused: Refused | Forbidden | None) -> None:
        """Judge by the right completion what the outdated one was refused for."""
        settle = self._answers.settle
        if self._outdated and (refused is None or self._outdated != "400"):
            settle("complete_stale", self._outdated, "a completion by an old stamp")
        if refused is None:
            settle("force_categorization", "off", "its completion is taken")
        elif "classif" in refused.message.lower():
            settle("force_categorization", "on", f"its completion: {refused.code}")

    def _read(self, key: Key) -> tuple[Record, Record]:
        """Read the activity and its case.

        Raises:
            Refused: one of them is not shown.
        """
        activity = self._system.get_activities([key]).get(key)
        case = None
        if activity is not None and activity.parent is not None:
            case = self._system.get_cases([activity.parent]).get(activity.parent)
        if activity is None or case is None:
            text = "casemgr does not show it, or not its case"
            raise Refused(text, code="not-seen", system="casemgr", key=key)
        return activity, case
