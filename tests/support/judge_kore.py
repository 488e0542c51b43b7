"""A judge for the way from casemgr to Kore: it reads both systems, and nothing else.

It shares no code with mapping, planner or adapters. It knows the default mapping as an
administrator would write it down on paper, and reads our marks with its own eyes.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass, field
from typing import Any

from caseferry.sandbox import Sandbox
from support import paper

DEPARTMENTS = ("Service", "Billing")
DAY_MS = 86_400_000
SOON_MS = (29 * DAY_MS, 31 * DAY_MS)
"""How far a made-up due date lies behind the creation: `+30d`."""

_MARK = re.compile(
    r"[ \n]?\[cf1\.(?P<pair>[0-9a-f]{8})\.(?P<role>[cton])\.(?P<source>[^\s.\]]+)"
    r"\.\d+(?: due=(?P<due>[^\s\]]+))?\]"
)
_TAG = re.compile(
    r"ext:cf1\.(?P<pair>[0-9a-f]{8})\.(?P<role>[cton])\.(?P<source>[^\s.]+)\.\d+"
)
_KEY = re.compile(r"cf1\.[0-9a-f]{8}\.(?P<role>[cton])\.(?P<source>[^\s.]+)\.\d+")


@dataclass(frozen=True)
class Marks:
    """What a Kore record carries of ours: `c.1003` and the like, and made-up dues."""

    keys: frozenset[str]
    dues: frozenset[int]


@dataclass(frozen=True)
class Photo:
    """Both systems at one moment: what each record held, by system and id."""

    records: dict[str, dict[str, str]]


def marks_of(record: Any, pair: str = "") -> Marks:
    """Read our marks off a raw Kore record; only this pair's when one is named."""
    texts = f"{record.name}\n{record.desc or ''}"
    found = [m for m in _MARK.finditer(texts) if pair in ("", m["pair"])]
    tags = [m for tag in record.tags if (m := _TAG.fullmatch(tag))]
    keys = [f"{m['role']}.{m['source']}" for m in found]
    keys += [f"{m['role']}.{m['source']}" for m in tags if pair in ("", m["pair"])]
    dues = (paper.millis(m["due"]) for m in found if m["due"])
    return Marks(frozenset(keys), frozenset(due for due in dues if due is not None))


def without_marks(text: str | None) -> str:
    """Give a text as a person reads it, without our marks."""
    return _MARK.sub("", text or "")


def kore_counterparts(box: Sandbox, pair: str = "") -> dict[str, list[Any]]:
    """Give the Kore records that carry a mark, by role and source id: `t.1004`."""
    found: dict[str, list[Any]] = defaultdict(list)
    for record in (*box.kore.cases.values(), *box.kore.tasks.values()):
        for key in marks_of(record, pair).keys:
            found[key].append(record)
    return found


def photograph(box: Sandbox) -> Photo:
    """Keep what everything holds now, to be compared later."""
    shelves: dict[str, dict[str, Any]] = {
        "Kore case": box.kore.cases,
        "Kore task": box.kore.tasks,
        "casemgr case": box.casemgr.cases,
        "casemgr activity": box.casemgr.activities,
        "casemgr customer": box.casemgr.customers,
    }
    return Photo(
        {
            kind: {key: repr(astuple(record)) for key, record in records.items()}
            for kind, records in shelves.items()
        }
    )


def complaints_kore(
    box: Sandbox,
    *,
    whole: bool = True,
    before: Photo | None = None,
    pair: str = "",
    departments: Collection[str] = DEPARTMENTS,
    held: Collection[str] = (),
) -> list[str]:
    """List everything that is wrong in Kore; empty is right.

    Args:
        box: both systems.
        whole: every source record has to be there, down to its end; else only doubles,
            strangers and wrong contents are complained of.
        before: both systems before the run: nothing but our own records may differ.
        pair: the mark of the tenant pair; others' records are foreign then.
        departments: what takes part.
        held: keys such as `c.1003` or `t.1004` that are rightly not carried.
    """
    judge = _Judge(box, kore_counterparts(box, pair), pair, whole=whole)
    cases = [
        case
        for case in box.casemgr.cases.values()
        if case.department in departments and not _is_made_of_kore(box, case)
    ]
    for case in cases:
        tasks = [
            activity
            for activity in box.casemgr.activities.values()
            if activity.case_id == case.id
            and activity.kind == "task"
            and not _is_made_of_kore(box, activity)
        ]
        judge.see_group(case, tasks, frozenset(held))
    judge.see_doubles()
    judge.see_strangers()
    if before is not None:
        judge.see_changes(before)
    return judge.wrong


@dataclass
class _Judge:
    box: Sandbox
    found: dict[str, list[Any]]
    pair: str
    whole: bool
    wrong: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)

    def say(self, key: str, what: str) -> None:
        self.wrong.append(f"{key}: {what}")

    # one group ---------------------------------------------------------------------

    def see_group(self, case: Any, tasks: list[Any], held: frozenset[str]) -> None:
        key = f"c.{case.id}"
        keys = {key, *(f"t.{task.id}" for task in tasks)}
        whom = paper.contact(self.box, case, tasks)
        if whom is None or key in held:
            why = "held" if key in held else "for a contact that nobody can tell"
            for name in sorted(keys & self.found.keys()):
                self.say(name, f"was carried, though it is {why}")
            self.expected |= keys
            return
        self.expected |= keys - held
        home = self.one(key)
        if home is not None:
            self.see_case(key, case, home)
            self.see_contact(key, whom, home)
        for task in tasks:
            name = f"t.{task.id}"
            target = None if name in held else self.one(name)
            if target is not None:
                self.see_task(name, task, target, home)

    def one(self, key: str) -> Any:
        """Give the only counterpart; several are complained of elsewhere."""
        found = self.found.get(key, [])
        if not found and self.whole:
            self.say(key, "is missing")
        return found[0] if found else None

    def see_case(self, key: str, case: Any, target: Any) -> None:
        if target.id not in self.box.kore.cases:
            return self.say(key, "became a task")
        self.same(key, "name", without_marks(target.name), paper.name(case))
        text = paper.plain(case.description)
        self.same(key, "desc", without_marks(target.desc), text)
        self.same(key, "tags", paper.own_tags(target), paper.tags(case))
        self.same(key, "region", target.fields.get("Region"), paper.region(case))
        amount = paper.refund(case)
        self.same(key, "refund", paper.number(target.fields), amount)
        self.same(key, "template", target.template, "Service")
        self.one_of(key, "priority", target.priority, paper.SEVERITIES[case.severity])
        self.see_due(key, paper.due(case), target, is_case=True)
        return self.see_end(key, target, ended=case.status == "closed")

    def see_task(self, key: str, task: Any, target: Any, home: Any) -> None:
        if target.id not in self.box.kore.tasks:
            return self.say(key, "became a case")
        if home is None or target.case_id != home.id:
            self.say(key, f"lies in {target.case_id}")
        elif target.id not in home.task_ids or target.case_ref_id != home.ref_id:
            self.say(key, f"is not listed in {home.ref_id}")
        self.same(key, "name", without_marks(target.name), paper.name(task))
        self.see_content(key, task, without_marks(target.desc))
        self.same(key, "tags", paper.own_tags(target), paper.tags(task))
        self.same(key, "template", target.template, "Follow-up")
        self.one_of(key, "priority", target.priority, paper.PRIORITIES[task.priority])
        if home is not None:
            self.same(key, "contact", target.user["_id"], home.user["_id"])
        self.see_due(key, paper.due(task), target, is_case=False)
        return self.see_end(key, target, ended=task.status == "completed")

    def see_content(self, key: str, task: Any, shown: str) -> None:
        if task.text:
            self.same(key, "desc", shown, paper.plain(task.text))
        else:
            wanted = paper.words(task.html or "")
            self.same(key, "desc's words", "".join(shown.split()), wanted)

    def see_due(self, key: str, due: int | None, target: Any, *, is_case: bool) -> None:
        made_up = marks_of(target, self.pair).dues
        if due is not None:
            if self.whole or is_case:
                self.same(key, "due date", target.due, due)
            if due in made_up:
                self.say(key, "its due date is marked as made up")
        elif not is_case or target.due is None:
            self.same(key, "due date", target.due, None)
        elif target.due not in made_up:
            self.say(key, f"due date {target.due} is made up, and not marked so")
        elif not SOON_MS[0] < target.due - target.created < SOON_MS[1]:
            self.say(key, f"due date {target.due} is not the one that is made up")

    def see_end(self, key: str, target: Any, *, ended: bool) -> None:
        category = paper.CATEGORIES[target.status]
        if self.whole and (category in ("resolved", "closed")) != ended:
            self.say(key, f"status {target.status}, while casemgr's {ended=}")

    def see_contact(self, key: str, whom: paper.Person, target: Any) -> None:
        user = target.user
        if whom.email:
            shown = str(user.get("emailId", "")).lower()
            self.same(key, "contact's e-mail", shown, whom.email.lower())
        else:
            shown = paper.digits(str(user.get("phoneNumber", "")))
            self.same(key, "contact's phone", shown, paper.digits(whom.phone))
        if whom.names:  # who shares an address is one user of Kore
            self.one_of(key, "contact's name", user.get("name"), whom.names)

    def same(self, key: str, what: str, shown: object, wanted: object) -> None:
        if shown != wanted and (self.whole or what in ("name", "template")):
            self.say(key, f"{what} {shown!r} of {wanted!r}")

    def one_of(
        self, key: str, what: str, shown: object, wanted: Collection[str]
    ) -> None:
        if self.whole and shown not in wanted:
            self.say(key, f"{what} {shown!r} of {sorted(wanted)}")

    # all of Kore -------------------------------------------------------------------

    def see_doubles(self) -> None:
        for key, records in sorted(self.found.items()):
            if len(records) > 1:
                self.say(key, f"is there {len(records)} times")
        for record in self.all_of_kore():
            keys = marks_of(record, self.pair).keys
            if len(keys) > 1:
                self.say(record.id, f"carries the keys {sorted(keys)}")

    def see_strangers(self) -> None:
        for key in sorted(self.found.keys() - self.expected):
            self.say(key, "is carried, and is nobody's or out of scope")

    def see_changes(self, before: Photo) -> None:
        now = photograph(self.box).records
        ours = {r.id for records in self.found.values() for r in records}
        for kind, held in before.records.items():
            for key in sorted(held.keys() | now[kind].keys()):
                if key in ours or held.get(key) == now[kind].get(key):
                    continue
                if key in held:
                    self.say(key, f"{kind} was changed")
                elif not self.is_of_template(key):
                    self.say(key, f"{kind} appeared without a key")

    def is_of_template(self, key: str) -> bool:
        task = self.box.kore.tasks.get(key)
        return task is not None and task.source == "template"

    def all_of_kore(self) -> Iterable[Any]:
        yield from self.box.kore.cases.values()
        yield from self.box.kore.tasks.values()


def _is_made_of_kore(box: Sandbox, record: Any) -> bool:
    """Tell whether we made a casemgr record: of a Kore record, or as an opener."""
    for text in record.custom.get("ext_key", ()):
        match = _KEY.fullmatch(text)
        if match is not None and match["role"] == "o":
            return True
        kore = {**box.kore.cases, **box.kore.tasks}
        if match is not None and match["source"] in kore:
            return True
    return False
