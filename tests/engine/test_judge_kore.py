"""The judge of the way to Kore, judged: right records pass, each wrong one is found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from caseferry.sandbox import Sandbox
from support.judge_kore import (
    complaints_kore,
    kore_counterparts,
    photograph,
    without_marks,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY_MS = 86_400_000
PAIR, OTHER = "0a1b2c3d", "ffffffff"
MADE_UP = "2026-04-01T09:00:00.000Z"


def key(role: str, source: str, pair: str = PAIR) -> str:
    return f"cf1.{pair}.{role}.{source}.0"


def millis(when: datetime) -> int:
    return round(when.timestamp() * 1000)


@dataclass
class Pair:
    """One casemgr case with two tasks and a mail, and by hand what Kore should hold."""

    box: Sandbox
    source: Any
    work: Any
    done: Any
    case: Any
    task: Any
    end: Any

    def complaints(self, **more: Any) -> list[str]:
        return complaints_kore(self.box, **more)


def customer(box: Sandbox, *people: dict[str, Any]) -> str:
    """Make a customer with these contacts."""
    made = box.human.create("casemgr", "customer", contact=people[0])
    record = box.casemgr.customers[made]
    for person in people[1:]:
        other = box.human.create("casemgr", "customer", contact=person)
        record.contacts += box.casemgr.customers.pop(other).contacts
    return str(made)


def carried(box: Sandbox, entity: str, mark: str, **values: Any) -> Any:
    """Let Kore hold a record with our marker in its description."""
    desc = values.pop("desc", "")
    text = f"{desc}\n[{mark}]" if desc else f"[{mark}]"
    made = box.human.create("kore", entity, desc=text, **values)
    return (box.kore.cases if entity == "case" else box.kore.tasks)[made]


@pytest.fixture
def pair() -> Pair:
    box = Sandbox(clock=lambda: NOW)
    human = box.human
    liz = {"firstName": "Liz", "lastName": "Ash"}
    liz["email"] = [{"emailAddress": "Liz.Ash@example.com"}]  # type: ignore[assignment]
    due = millis(NOW + timedelta(days=9))
    case = human.create(
        "casemgr",
        "case",
        subject="Router\tdown",
        customer_id=customer(box, liz),
        severity="urgent",
        description="It is\r\noff. ",
        custom={"kore_tags": ["vip"], "region": ["na"], "refund_amount": ["12"]},
    )
    work = human.create(
        "casemgr",
        "activity",
        case_id=case,
        kind="task",
        subject="",
        html="<p>Call <b>back</b></p><p>soon &amp; often</p>",
        priority="3",
        due=due,
    )
    done = human.create(
        "casemgr",
        "activity",
        case_id=case,
        kind="task",
        subject="Ask",
        text="the depot",
        status="completed",
        priority="7",
        custom={"orig_due": ["2026-02-01T00:00:00.000Z"]},
    )
    human.create("casemgr", "activity", case_id=case, kind="email")
    user = {"name": "Liz Ash", "emailId": "liz.ash@example.com"}
    mine = carried(
        box,
        "case",
        f"{key('c', case)} due={MADE_UP}",
        name="Router down",
        desc="It is\noff.",
        template="Service",
        user=user,
        due=millis(datetime.fromisoformat(MADE_UP)),
        priority="Critical",
        tags=("vip", f"ext:{key('c', case)}"),
        fields={"Region": "N. America", "Refund amount": 12},
    )
    task = carried(
        box,
        "task",
        key("t", work),
        case_id=mine.id,
        name=work,
        desc="Call back\n\nsoon & often",
        due=due,
        priority="High",
        user=user,
    )
    end = carried(
        box,
        "task",
        key("t", done),
        case_id=mine.id,
        name="Ask",
        desc="the depot",
        status="Resolved",
        due=millis(datetime(2026, 2, 1, tzinfo=UTC)),
        priority="Low",
        user=user,
    )
    records = box.casemgr
    sources = records.cases[case], records.activities[work], records.activities[done]
    return Pair(box, *sources, mine, task, end)


def test_right_records_pass(pair: Pair) -> None:
    """What the mapping asks for is right, and a mail beside it asks for nothing."""
    assert pair.complaints(before=photograph(pair.box), pair=PAIR) == []
    assert set(kore_counterparts(pair.box)) == {"c.1000", "t.1000", "t.1001"}


def test_a_marker_in_the_name_is_as_good(pair: Pair) -> None:
    """The key may stand behind the name, or in the tag alone."""
    mark = f" [{key('c', '1000')} due={MADE_UP}]"
    pair.case.name, pair.case.desc = f"Router down{mark}", "It is\noff."
    pair.end.desc, pair.end.tags = "the depot", (f"ext:{key('t', '1001')}",)

    assert pair.complaints() == []
    assert without_marks(pair.case.name) == "Router down"


def double(pair: Pair) -> None:
    carried(pair.box, "task", key("t", "1000"), case_id=pair.case.id, name="1000")


def elsewhere(pair: Pair) -> None:
    other = pair.box.human.create("kore", "case", name="Another")
    pair.task.case_id = other


def as_case(pair: Pair) -> None:
    pair.task.desc = "gone"
    carried(pair.box, "case", key("t", "1000"), name="1000")


def nobodys(pair: Pair) -> None:
    carried(pair.box, "case", key("c", "4711"), name="Whose?")


def of_a_mail(pair: Pair) -> None:
    carried(pair.box, "task", key("t", "1002"), case_id=pair.case.id, name="A mail")


def moved_department(pair: Pair) -> None:
    pair.source.department = "Archive"


def two_contacts(pair: Pair) -> None:
    sam = {"firstName": "Sam", "email": [{"emailAddress": "sam@example.com"}]}
    box = pair.box
    made = box.human.create("casemgr", "customer", contact=sam)
    box.casemgr.customers[pair.source.customer_id].contacts += box.casemgr.customers[
        made
    ].contacts


def no_contact(pair: Pair) -> None:
    pair.box.casemgr.customers[pair.source.customer_id].contacts = ()


def setting(which: str, **values: Any) -> Callable[[Pair], None]:
    def change(pair: Pair) -> None:
        for name, value in values.items():
            setattr(getattr(pair, which), name, value)

    change.__name__ = f"{which}-{'-'.join(values)}"
    return change


LIZ = {"_id": "u-1", "name": "Liz Ash"}
WRONG: list[tuple[Callable[[Pair], None], str]] = [
    (double, "t.1000: is there 2 times"),
    (setting("task", desc="Call back"), "t.1000: is missing"),
    (setting("case", desc="", tags=("vip",)), "c.1000: is missing"),
    (elsewhere, "t.1000: lies in ci-"),
    (setting("case", task_ids=()), "t.1000: is not listed in CS"),
    (setting("task", case_ref_id="CS1"), "t.1000: is not listed in CS"),
    (as_case, "t.1000: became a case"),
    (nobodys, "c.4711: is carried, and is nobody's"),
    (of_a_mail, "t.1002: is carried, and is nobody's"),
    (moved_department, "c.1000: is carried, and is nobody's or out of scope"),
    (two_contacts, "c.1000: was carried, though it is for a contact that nobody"),
    (no_contact, "c.1000: contact's e-mail 'liz.ash@example.com' of 'no-contact@"),
    (setting("case", user=LIZ), "c.1000: contact's e-mail ''"),
    (
        setting("case", user=LIZ | {"name": "Bob", "emailId": "liz.ash@example.com"}),
        "c.1000: contact's name 'Bob'",
    ),
    (setting("task", user=LIZ), "t.1000: contact 'u-1'"),
    (setting("source", subject="Router up"), "c.1000: name 'Router down'"),
    (setting("source", description="On"), "c.1000: desc 'It is"),
    (setting("source", severity="low"), "c.1000: priority 'Critical' of ['Low']"),
    (setting("source", status="closed"), "c.1000: status Open, while casemgr's ended"),
    (setting("source", custom={}), "c.1000: tags {'vip'} of set()"),
    (setting("case", fields={}), "c.1000: region None of 'N. America'"),
    (setting("case", fields={"Refund amount": 1}), "c.1000: refund 1.0 of 12.0"),
    (setting("case", template="Sales"), "c.1000: template 'Sales'"),
    (
        setting("case", due=millis(NOW + timedelta(days=5))),
        "is made up, and not marked",
    ),
    (setting("case", created=0), "is not the one that is made up"),
    (setting("source", due=5), "c.1000: due date 17"),
    (
        setting("source", due=millis(datetime.fromisoformat(MADE_UP))),
        "c.1000: its due date is marked as made up",
    ),
    (setting("work", priority="1"), "t.1000: priority 'High' of ['Critical"),
    (setting("work", html="<p>Call</p>"), "t.1000: desc's words"),
    (setting("work", status="completed"), "t.1000: status Open"),
    (setting("work", due=None), "t.1000: due date"),
    (setting("task", due=None), "t.1000: due date None"),
    (setting("task", tags=("new",)), "t.1000: tags {'new'}"),
    (setting("done", text="the boss"), "t.1001: desc 'the depot'"),
    (setting("end", status="Open"), "t.1001: status Open"),
    (setting("end", due=None), "t.1001: due date None"),
    (setting("end", name="Ask the depot"), "t.1001: name 'Ask the depot'"),
    (setting("end", tags=(f"ext:{key('t', '1000')}",)), "carries the keys ['t.1000'"),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_each_wrong_record_is_found(
    pair: Pair, change: Callable[[Pair], None], words: str
) -> None:
    """Whatever is wrong, the judge names the record and what it is about."""
    change(pair)

    assert any(words in complaint for complaint in pair.complaints())


def test_an_unfinished_run_is_judged_by_what_is_there(pair: Pair) -> None:
    """What is missing or not yet as it will be is fine; doubles never are."""
    pair.task.desc, pair.end.status, pair.case.priority = "x", "Open", "Medium"
    pair.end.due = None

    assert pair.complaints(whole=False) == []
    double(pair)
    double(pair)
    assert "t.1000: is there 2 times" in pair.complaints(whole=False)


def test_what_is_held_is_not_missed(pair: Pair) -> None:
    """A record that is rightly held must not be there."""
    assert pair.complaints(held={"t.1000"}) == [
        "t.1000: is carried, and is nobody's or out of scope"
    ]
    del pair.box.kore.tasks[pair.task.id]
    assert pair.complaints(held={"t.1000"}) == []


def test_another_pairs_records_are_foreign(pair: Pair) -> None:
    """With the pair named, another one's keys count for nothing."""
    mark = key("c", "1000", OTHER)
    carried(pair.box, "case", mark, name="Of the other pair")

    assert pair.complaints(pair=PAIR) == []
    assert pair.complaints() == ["c.1000: is there 2 times"]


def test_what_we_made_ourselves_is_not_carried_back(pair: Pair) -> None:
    """Openers, and the counterparts of Kore records, are no sources."""
    human, case = pair.box.human, pair.source.id
    for role, source in (("o", pair.case.id), ("t", pair.task.id)):
        human.create(
            "casemgr",
            "activity",
            case_id=case,
            kind="task",
            custom={"ext_key": [key(role, source)]},
        )

    assert pair.complaints() == []


def test_foreign_changes_are_found(pair: Pair) -> None:
    """Nothing but our own records may change: not in Kore, and never in casemgr."""
    box = pair.box
    other = box.human.create("kore", "case", name="Somebody's own")
    before = photograph(box)
    assert pair.complaints(before=before) == []

    box.human.edit("kore", "case", other, priority="Low")
    new = box.human.create("kore", "task", case_id=pair.case.id, name="New")
    spawned = box.human.create(
        "kore", "task", case_id=pair.case.id, name="Refund", source="template"
    )
    box.human.edit("casemgr", "activity", "1002", priority="1")
    box.human.edit("kore", "task", pair.task.id, tags=())

    assert sorted(pair.complaints(before=before)) == sorted(
        [
            f"{other}: Kore case was changed",
            f"{new}: Kore task appeared without a key",
            "1002: casemgr activity was changed",
        ]
    )
    assert spawned not in "".join(pair.complaints(before=before))
