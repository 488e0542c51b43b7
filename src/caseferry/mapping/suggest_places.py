"""Customers, routes and people of a suggested mapping: facts that no name tells."""

from typing import Final

from caseferry.mapping.names import LOSSES
from caseferry.mapping.sheet import Sheet, counted, inline, listed, quoted
from caseferry.mapping.suggest_ground import Ground, fold
from caseferry.model.record import Entity, System

_SUBTYPE: Final = "general"
_EMAIL: Final = "userInfo.emailId"
_PHONE: Final = "userInfo.phoneNumber"
_REGION: Final = "two letters of the country of numbers that name none, such as DE"


def suggest_places(sheet: Sheet, ground: Ground) -> None:
    """Write [customer], [[route]], [assignees], [to_kore], [opener] and [losses]."""
    _customer(sheet, ground)
    _routes(sheet, ground)
    _assignees(sheet, ground)
    _to_kore(sheet, ground)
    _opener(sheet, ground)
    sheet.title("What you accept to lose")
    sheet.remark(
        "By signing this file you accept so many of each; more stops the run before "
        "its first write. A rule that is not listed is accepted 0 times."
    )
    sheet.table("losses")
    for rule, accepted in ground.default.losses.items():
        value = str(accepted) if isinstance(accepted, int) else quoted(accepted)
        sheet.put(rule, value, LOSSES.get(rule, ""))


def _customer(sheet: Sheet, ground: Ground) -> None:
    cases = ground.kore("case")
    emails, phones = cases.counts(_EMAIL).records, cases.counts(_PHONE).records
    sheet.title("Customers")
    sheet.remark(
        f"Of {cases.records} Kore cases {emails} have an e-mail address, {phones} a "
        f"phone number, {cases.unreached} neither. Look-ups are tried in order."
    )
    sheet.table("customer")
    if phones:
        sheet.ask("phone_region", _REGION, records=phones)
    why = "create | placeholder | quarantine, where nobody is found"
    sheet.ask("none_found", why, records=cases.records)
    sheet.say("several", "quarantine", "never guessed")
    if cases.unreached:
        why = "placeholder | quarantine, for who has neither"
        sheet.ask("no_contact", why, records=cases.unreached)
    else:
        sheet.say("no_contact", "quarantine", "placeholder | quarantine")
    sheet.remark('placeholder = "no-contact@your.example": needed where one is meant')
    lookups = [(_EMAIL, "email.emailAddress")] if emails or not phones else []
    for number, (kore, casemgr) in enumerate(lookups):
        sheet.table("customer", "lookup", number)
        sheet.say("kore", kore, f"{emails} cases")
        sheet.say("casemgr", casemgr)
    if phones:
        sheet.table("customer", "lookup", len(lookups))
        sheet.say("kore", _PHONE, f"{phones} cases")
        sheet.ask("casemgr", "mobile.phone | home.phone | office.phone", records=phones)


def _routes(sheet: Sheet, ground: Ground) -> None:
    """Write a route for each template that agrees with a department, then the rest."""
    harvest = ground.harvest
    sheet.title("Where records land: the first route that fits")
    for entity in Entity:
        templates = harvest.kore(entity).counts("template")
        sheet.remark(f"Kore {entity} templates: {counted(templates.ranked())}")
    for name in ("department", "subtype", "assignee"):
        found = harvest.values(System.CASEMGR, name)
        sheet.remark(f"casemgr {name}s: {counted(found.ranked())}")
    sheet.blank()
    cases = harvest.kore(Entity.CASE).counts("template")
    homes = {fold(name): name for name in ground.departments if fold(name)}
    number = 0
    for template, count in cases.ranked():
        home = homes.get(fold(template))
        if home is not None and len(homes) > 1:
            sheet.table("route", number)
            sheet.put("when", inline({"template": template}), f"{count} cases")
            _landing(sheet, ground, home, count)
            number += 1
    sheet.table("route", number, note="everything else")
    only = ground.departments[0] if len(ground.departments) == 1 else ""
    _landing(sheet, ground, only, 0)


def _landing(sheet: Sheet, ground: Ground, department: str, records: int) -> None:
    if department:
        sheet.say("department", department)
    else:
        known = " | ".join(map(quoted, ground.departments))
        sheet.ask("department", known or "a casemgr department", records=records)
    _subtype(sheet, ground, records)
    sheet.ask("assignee", "the casemgr login that gets the records", records=records)


def _subtype(sheet: Sheet, ground: Ground, records: int = 0) -> None:
    """Write a task subtype: the only one that occurs."""
    found = ground.casemgr("task").counts("subtype").ranked()
    if len(found) == 1:
        sheet.say("subtype", found[0][0], f"{found[0][1]} in casemgr")
    else:
        named = " | ".join(quoted(name) for name, _ in found[:5])
        why = (
            f"a task subtype: {named}"
            if named
            else f"a task subtype, such as {_SUBTYPE}"
        )
        sheet.ask("subtype", why, records=records)


def _assignees(sheet: Sheet, ground: Ground) -> None:
    found = ground.harvest.values(System.KORE, "assignee")
    sheet.blank()
    sheet.remark(
        "Kore agent = casemgr login; without a line the route's assignee has it."
    )
    sheet.table("assignees")
    for agent, count in found.ranked():
        sheet.ask(agent, "a casemgr login, or take the line out", records=count)
    if found.others:
        sheet.remark(f"Of further agents there are {found.others} records.")


def _to_kore(sheet: Sheet, ground: Ground) -> None:
    """Write what creates in Kore name; asked for only where casemgr holds cases."""
    usual = ground.default.to_kore
    cases = ground.casemgr("case").records
    sources = dict(ground.harvest.values(System.KORE, "source").ranked())
    sheet.title("What createCase demands and casemgr lacks")
    sheet.remark(f"Kore sources: {counted(sources.items())}")
    sheet.table("to_kore")
    for name, kind in (("case_template", "case"), ("task_template", "task")):
        why = f'the id of a {kind} template; "" where nothing goes to Kore'
        if cases:
            sheet.ask(name, why, records=ground.casemgr("case").records)
        else:
            sheet.say(name, "", why)
    if not sources or usual.source in sources:
        sheet.say("source", usual.source)
    elif len(sources) == 1:
        sheet.say("source", next(iter(sources)))
    else:
        sheet.ask("source", "what Kore notes as the source", records=cases)
    sheet.say("due_date", usual.due_date, "marked synthetic: it never comes back")
    sheet.say("spawned_tasks", usual.spawned_tasks, "report | adopt")
    sheet.blank()
    sheet.remark("name = id, only what could not be harvested from records")
    for kind in ("status", "priority", "field"):
        sheet.table("kore_ids", kind)


def _opener(sheet: Sheet, ground: Ground) -> None:
    usual = ground.default.opener
    sheet.blank()
    sheet.table("opener", note="the activity that carries a case without open tasks")
    sheet.put("when", listed(usual.when))
    _subtype(sheet, ground)
    sheet.say("subject", usual.subject)
