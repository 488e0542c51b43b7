"""The default mapping towards Kore, as an administrator has it on paper.

For the judge only: written anew from the mapping file, and small.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseferry.sandbox import Sandbox

PRIORITIES = {
    "1": {"Critical", "Emergency"},
    "2": {"High"},
    "3": {"High"},
    "4": {"Medium"},
    "5": {"Medium"},
    "6": {"Low"},
    "7": {"Low"},
}
SEVERITIES = {
    "urgent": {"Critical", "Emergency"},
    "high": {"High"},
    "medium": {"Medium"},
    "low": {"Low"},
}
CATEGORIES = {
    "Open": "open",
    "In Progress": "inprogress",
    "Escalated": "inprogress",
    "On Hold": "onhold",
    "Waiting for parts": "onhold",
    "Resolved": "resolved",
    "Closed": "closed",
}
REGIONS = {"emea": "EMEA", "na": "N. America", "apac": "APAC"}
PLACEHOLDER = "no-contact@care.example"
_MARK = re.compile(r"[ \n]?\[cf1\.[0-9a-f]{8}\.[cton]\.[^\s\]]+(?: due=[^\s\]]+)?\]")
_HIDDEN = re.compile(r"(?is)<(script|style|head|title|template)\b.*?</\1\s*>")


@dataclass(frozen=True)
class Person:
    """Whom a Kore case should be for; one of e-mail and phone is there.

    names: any of these is right; empty when nobody cares.
    """

    email: str
    phone: str
    names: frozenset[str]


def name(record: Any) -> str:
    """Give the name: the subject on one line, or the id where there is none."""
    text = re.sub("[\n\t]+", " ", _clean(record.subject))
    text = _MARK.sub("", text).rstrip()
    return text if text.strip() else str(record.id)


def plain(text: str | None) -> str:
    """Give a text without control characters, and blanks at its end."""
    return _MARK.sub("", _clean(text or "")).rstrip()


def words(markup: str) -> str:
    """Give all that is readable in HTML, without any blanks."""
    text = re.sub(r"<!--.*?-->|<[^<>]*>", "", _HIDDEN.sub("", markup))
    return "".join(_clean(html.unescape(text)).split())


def tags(record: Any) -> set[str]:
    """Give the tags that the attribute keeps."""
    texts = (re.sub("[\n\t]+", " ", _clean(t)) for t in _custom(record, "kore_tags"))
    return {text for text in texts if text.strip()}


def own_tags(record: Any) -> set[str]:
    """Give the tags of a Kore record that are not our keys."""
    return {tag for tag in record.tags if not tag.startswith("ext:cf1.")}


def region(case: Any) -> str | None:
    """Give the value of the field Region."""
    found = _custom(case, "region")
    return REGIONS[found[0]] if found else None


def refund(case: Any) -> float | None:
    """Give the value of the field Refund amount."""
    found = _custom(case, "refund_amount")
    return float(found[0]) if found else None


def number(fields: dict[str, Any]) -> float | None:
    """Give the refund amount that Kore holds, whatever its type."""
    value = fields.get("Refund amount")
    return None if value in (None, "") else float(str(value))


def due(record: Any) -> int | None:
    """Give the due date: casemgr's own, else the passed one that was kept."""
    if record.due is not None:
        return int(record.due)
    kept = _custom(record, "orig_due")
    return millis(kept[0]) if kept else None


def millis(text: str) -> int | None:
    """Read a time as epoch milliseconds."""
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None


def digits(text: str) -> str:
    """Give the digits of a phone number."""
    return "".join(char for char in text if char.isdecimal())


def contact(box: Sandbox, case: Any, tasks: list[Any]) -> Person | None:
    """Give whom the case is for; None where that would be a guess."""
    customer = box.casemgr.customers.get(case.customer_id or "")
    people = [_person(person) for person in customer.contacts] if customer else []
    named = {n for task in tasks if (n := _named_by(box, task))}
    chosen = [p for p in people if named == {next(iter(p.names), "")}]
    if len(chosen) != 1 or not (chosen[0].email or chosen[0].phone):
        reachable = any(person.email or person.phone for person in people)
        if not reachable:
            return Person(PLACEHOLDER, "", frozenset())
        if len(people) > 1:
            return None
        chosen = people
    return _with_all_names(box, chosen[0])


def _person(one: Any) -> Person:
    answered = [p for p in one.phones if p.kind not in ("fax", "pager")]
    phones = [f"{p.country_code}{p.area_code}{p.number}" for p in answered]
    email = one.emails[0][1] if one.emails else ""
    shown = f"{one.first_name} {one.last_name}".strip()
    return Person(email, phones[0] if phones else "", frozenset({shown}))


def _named_by(box: Sandbox, task: Any) -> str:
    """Give the name that casemgr shows with a task; "" when it shows none."""
    customer = box.casemgr.customers.get(task.customer_id)
    people = customer.contacts if customer else ()
    if task.contact_id is not None:
        people = tuple(p for p in people if p.id == task.contact_id)
    return next(iter(_person(people[0]).names)) if len(people) == 1 else ""


def _with_all_names(box: Sandbox, whom: Person) -> Person:
    """Allow the names of all who share the address: Kore has one user for it."""
    names = set()
    for customer in box.casemgr.customers.values():
        for one in map(_person, customer.contacts):
            same_email = whom.email and one.email.lower() == whom.email.lower()
            same_phone = not whom.email and digits(one.phone) == digits(whom.phone)
            if same_email or same_phone:
                names |= {customer.name, *one.names}
    tidy = {" ".join(_clean(text).split()) for text in names}
    return Person(whom.email, whom.phone, frozenset(names | tidy | {whom.email}))


def _custom(record: Any, attribute: str) -> tuple[str, ...]:
    found: tuple[str, ...] = record.custom.get(attribute, ())
    return found


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char
        for char in lines
        if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs")
    )
