"""The capability probe of `check`: asked, kept in the state, shown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from caseferry.adapters.casemgr.probe import probe_casemgr
from caseferry.adapters.kore.probe import probe_kore
from caseferry.bootstrap import Systems, reading_state, writing_state
from caseferry.cli.checks import Finding, failed
from caseferry.config import Config
from caseferry.errors import CaseferryError, StateError
from caseferry.mapping.compile import Mapper
from caseferry.model.capability import Answer, answers_in
from caseferry.model.direction import NAMES
from caseferry.model.record import System
from caseferry.report.text import shown, wrapped

_HELD: Final = "not kept: {}; what was found holds for this check only"
KINDS: Final[tuple[Literal["status", "priority", "field"], ...]] = (
    "status",
    "priority",
    "field",
)
Probe = Callable[[], list[Answer]]


def probe(
    systems: Systems, config: Config, now: str, *, quick: bool
) -> tuple[list[Answer], list[Finding]]:
    """Ask both systems what the documents leave open; reads only."""
    departments = config.casemgr.departments
    probes: tuple[tuple[System, Probe], ...] = (
        (System.KORE, lambda: probe_kore(systems.kore, quick=quick, now=now)),
        (
            System.CASEMGR,
            lambda: probe_casemgr(systems.casemgr, departments, quick=quick, now=now),
        ),
    )
    answers: list[Answer] = []
    findings: list[Finding] = []
    for system, ask in probes:
        try:
            found = ask()
        except CaseferryError as error:
            findings += failed("capabilities", error, system)
            continue
        answers += found
        still = sum(answer.state == "open" for answer in found)
        text = f"{len(found) - still} settled, {still} open"
        findings.append(
            Finding(name="capabilities", system=system, status="pass", message=text)
        )
    return answers, findings


def missing_ids(systems: Systems, mapper: Mapper) -> list[Finding]:
    """Name what the mapping could write to Kore by an id that nobody knows."""
    kore = systems.kore
    found = []
    written = mapper.kore_names()
    for kind in KINDS:
        names = written.get(kind, frozenset())
        unknown = sorted(name for name in names if not kore.knows(kind, name))
        if unknown:
            found.append(
                Finding(
                    name=f"{kind}-ids",
                    system=System.KORE,
                    status="warn",
                    message=f"no record shows the id of: {', '.join(unknown)}",
                    hint=f"needed only to write to Kore: add them to [kore_ids.{kind}] "
                    "of the mapping",
                )
            )
    return found


def known_answers(config: Config) -> dict[str, Answer]:
    """Give the answers that the state keeps, by fact."""
    try:
        with reading_state(config) as store:
            return answers_in(store.facts)
    except StateError:
        return {}


def keep(config: Config, answers: Iterable[Answer]) -> list[Finding]:
    """Keep answers in the state; an open one replaces no settled one.

    Effects: makes the state where there is none yet.
    """
    try:
        with writing_state(config, "check") as store, store.transaction():
            known = answers_in(store.facts)
            for answer in answers:
                before = known.get(answer.fact)
                if answer.state == "settled" or before is None:
                    store.set_fact(answer.fact, answer.text())
    except CaseferryError as error:
        text = _HELD.format(error.message)
        return [Finding(name="capabilities", status="warn", message=text)]
    return []


def merged(known: Mapping[str, Answer], fresh: Iterable[Answer]) -> list[Answer]:
    """Give what is known now: fresh answers, and older ones that they leave open."""
    found = dict(known)
    for answer in fresh:
        if answer.state == "settled" or answer.fact not in found:
            found[answer.fact] = answer
    return [found[fact] for fact in sorted(found)]


def data_of(answers: Iterable[Answer]) -> dict[str, dict[str, Any]]:
    """Give the answers in the shape of the JSON output, by system."""
    found: dict[str, dict[str, Any]] = {system.value: {} for system in System}
    for answer in answers:
        found[answer.system][answer.name] = answer.shown()
    return found


def lines_of(answers: Iterable[Answer]) -> list[str]:
    """Give the answers for a person: the settled ones, then what is open."""
    lines: list[str] = []
    for system in System:
        own = [answer for answer in answers if answer.system is system]
        settled = [answer for answer in own if answer.state == "settled"]
        still = [answer.name for answer in own if answer.state == "open"]
        if not own:
            continue
        lines += ["", f"What {NAMES[system]} turned out to do:"]
        for answer in settled:
            text = f"{answer.name}: {_spoken(answer.value)}"
            lines += wrapped(text, "  ", "    ")
        if still:
            text = f"open: {', '.join(still)}"
            lines += wrapped(text, "  ", "    ")
    return lines


def _spoken(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_spoken(each) for each in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_spoken(each)}" for name, each in value.items())
    return shown(value) if isinstance(value, str) else str(value)
