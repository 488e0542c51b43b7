"""What `check` looks at: each check gives findings and raises nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

from caseferry.bootstrap import Systems, reading_state, state_lock
from caseferry.config import Config
from caseferry.errors import CaseferryError, StateError, UserError
from caseferry.mapping.compile import Mapper
from caseferry.model.mapped import CustomerAttempt
from caseferry.model.record import Entity, Record
from caseferry.ports import Clock

SAMPLE: Final = 20
_ENOUGH: Final = 0.5

Status = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found.

    Attributes:
        system: kore, casemgr, or "" for what is on this machine.
        exit_code: of the command, when this one fails.
    """

    name: str
    status: Status
    message: str
    system: str = ""
    hint: str = ""
    exit_code: int = 1

    def data(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return {
            "name": self.name,
            "system": self.system or None,
            "status": self.status,
            "message": self.message,
            "hint": self.hint,
        }


def failed(name: str, error: CaseferryError, system: str = "") -> list[Finding]:
    """Give an error as findings: one for each problem of a file."""
    problems = error.problems if isinstance(error, UserError) else ()
    messages = [str(problem) for problem in problems] or [error.message]
    return [
        Finding(
            name=name,
            system=system,
            status="fail",
            message=message,
            hint=error.hint,
            exit_code=error.exit_code,
        )
        for message in messages
    ]


def look(name: str, system: str, check: Callable[[], str]) -> list[Finding]:
    """Run a check that gives words when all is well and raises when it is not."""
    try:
        message = check()
    except CaseferryError as error:
        return failed(name, error, system)
    return [Finding(name=name, system=system, status="pass", message=message)]


def check_mapping(mapper: Mapper, config: Config) -> list[Finding]:
    """Look at the mapping's sense, as far as no system has to be asked."""
    problems = mapper.check_examples()
    found = [
        Finding(
            name="mapping",
            status="fail",
            message=str(problem),
            hint="mend the mapping or the example, then `caseferry mapping check`",
            exit_code=2,
        )
        for problem in problems
    ]
    if not problems:
        text = f"digest {mapper.digest}, {len(mapper.spec.example)} examples"
        found.append(Finding(name="mapping", status="pass", message=text))
    return [*found, *_keys_free(mapper, config), *_departments_read(mapper, config)]


def _keys_free(mapper: Mapper, config: Config) -> Iterator[Finding]:
    """Look whether the mapping leaves the correlation key's attributes alone."""
    keys = {
        "case": config.casemgr.case_key_attribute,
        "activity": config.casemgr.activity_key_attribute,
    }
    for side, key in keys.items():
        if key in mapper.custom_attributes[side]:
            yield Finding(
                name="correlation-key",
                status="fail",
                message=f"the mapping writes custom.{key}, which holds caseferry's key",
                hint=f"use another attribute, or set casemgr.{side}_key_attribute",
                exit_code=2,
            )


def _departments_read(mapper: Mapper, config: Config) -> Iterator[Finding]:
    for department in mapper.departments:
        if department not in config.casemgr.departments:
            yield Finding(
                name="departments",
                status="warn",
                message=f"a route leads to {department}, which is not in "
                "casemgr.departments",
                hint="name it in casemgr.departments, so that it is read",
            )


def check_state(config: Config) -> list[Finding]:
    """Look whether the state can be used, without making or changing it."""
    name = "state"
    try:
        with reading_state(config) as store:
            pair = store.pair()
        message = f"belongs to {pair}" if pair is not None else "empty"
    except StateError as error:
        if error.code not in ("state-missing", "state-older"):
            return failed(name, error)
        message = "none yet; the first run makes it"
        if error.code == "state-older":
            message = "of an earlier version; the next run brings it up to date"
    holder = state_lock(config).holder()
    if holder is not None:
        message += f"; in use by {holder}"
    return [Finding(name=name, status="pass", message=message)]


def check_kore(systems: Systems) -> list[Finding]:
    """Look whether cases and tasks can be read."""
    kore = systems.kore
    found: list[Finding] = []
    for entity in Entity:

        def probe(entity: Entity = entity) -> str:
            total = kore.probe(entity).totalResults
            return f"may read {entity}s" + (f", {total}" if total is not None else "")

        found += look(f"read-{entity}s", "kore", probe)
        if found[-1].status == "fail":
            break
    return found


def check_casemgr(systems: Systems, mapper: Mapper, config: Config) -> list[Finding]:
    """Look at token, departments and attributes."""
    casemgr = systems.casemgr

    def token() -> str:
        casemgr.probe_token()
        return "a token was given"

    found = look("token", "casemgr", token)
    if found[-1].status == "fail":
        return found
    for department in mapper.departments:

        def probe(department: str = department) -> str:
            casemgr.probe_department(department)
            return f"may read {department}"

        found += look("department", "casemgr", probe)
    for side in ("activity", "case"):
        found += _attributes(systems, mapper, config, side)
    return found


def _attributes(
    systems: Systems, mapper: Mapper, config: Config, side: str
) -> list[Finding]:
    """Look whether every attribute that would be written is configured."""
    name = f"{side}-attributes"
    casemgr = systems.casemgr
    is_case = side == "case"
    ours = config.casemgr.case_key_attribute
    if not is_case:
        ours = config.casemgr.activity_key_attribute
    wanted = {*mapper.custom_attributes[side], ours}
    try:
        known = casemgr.case_attributes() if is_case else casemgr.activity_attributes()
    except CaseferryError as error:
        return failed(name, error, "casemgr")
    if known is None:
        text = "this tenant does not tell which attributes it has"
        hint = "the first case group of a run shows it, before the others start"
        return [
            Finding(name=name, system="casemgr", status="warn", message=text, hint=hint)
        ]
    missing = sorted(wanted - set(known))
    if missing:
        text = f"not configured: {', '.join(missing)}"
        hint = f"add them to the {side} in casemgr, or take them out of the mapping"
        return [
            Finding(name=name, system="casemgr", status="fail", message=text, hint=hint)
        ]
    text = f"{len(wanted)} in use, all configured"
    return [Finding(name=name, system="casemgr", status="pass", message=text)]


def check_customers(
    systems: Systems, mapper: Mapper, clock: Clock, *, most: int
) -> list[Finding]:
    """Look customers up for a sample of Kore cases; gives the matched share.

    Sends at most so many requests, one of them for the sample.
    """
    try:
        page = next(systems.kore.pages(Entity.CASE), None)
        cases = page.records if page is not None else ()
        counts = _match(systems, mapper, clock, cases, most=most - 2)
    except CaseferryError as error:
        return failed("customers", error, "casemgr")
    asked = sum(counts.values()) - counts["no contact"]
    if not asked:
        text = "no case with a contact in the sample"
        return [Finding(name="customers", status="pass", message=text)]
    share = counts["matched"] / asked
    detail = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    text = f"{share:.0%} of a sample of {asked} found ({detail})"
    if share >= _ENOUGH:
        return [Finding(name="customers", status="pass", message=text)]
    then = mapper.spec.customer.none_found
    hint = f"the mapping says none_found = {then!r}: make sure that this is meant"
    return [Finding(name="customers", status="warn", message=text, hint=hint)]


def _match(
    systems: Systems,
    mapper: Mapper,
    clock: Clock,
    cases: tuple[Record, ...],
    *,
    most: int,
) -> dict[str, int]:
    before = systems.casemgr.counter.sent
    counts = dict.fromkeys(("matched", "not found", "ambiguous", "no contact"), 0)
    for case in islice(cases, SAMPLE):
        group = mapper.map_group(case, (), clock.now())
        attempts = group.customer.attempts
        needed = sum(len(attempt.spellings) for attempt in attempts)
        if systems.casemgr.counter.sent - before + needed > most:
            break
        if not attempts:
            counts["no contact"] += 1
        else:
            counts[_find(systems, attempts, group.case.department)] += 1
    return counts


def _find(
    systems: Systems, attempts: tuple[CustomerAttempt, ...], department: str
) -> str:
    several = False
    for attempt in attempts:
        for value in attempt.spellings:
            found = systems.casemgr.find_customers(attempt.attribute, value, department)
            if len(found) == 1:
                return "matched"
            several |= bool(found)
    return "ambiguous" if several else "not found"
