"""`check`: configuration and mapping whole, then what the two systems allow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import click

from caseferry.adapters.clock import SystemClock
from caseferry.bootstrap import Systems, build_systems, kore_ids_of, read_mapping
from caseferry.cli.accepted import acceptance_if_any
from caseferry.cli.canary import QUESTION, Canaries
from caseferry.cli.checks import (
    Finding,
    check_casemgr,
    check_customers,
    check_kore,
    check_mapping,
    check_state,
    failed,
)
from caseferry.cli.first_step import first_step
from caseferry.cli.interrupt import stoppable
from caseferry.cli.options import Command, Invocation
from caseferry.cli.probing import (
    data_of,
    keep,
    known_answers,
    lines_of,
    merged,
    missing_ids,
    probe,
)
from caseferry.cli.progress import Progress
from caseferry.cli.result import ExitCode, Result
from caseferry.cli.unseen import WHOLE, confirmed_line, unseen_data, unseen_lines
from caseferry.config import Loaded
from caseferry.errors import ConfigError, MappingError, UserError
from caseferry.mapping.compile import Mapper
from caseferry.model.acceptance import Acceptance
from caseferry.model.capability import Answer
from caseferry.model.times import canonical_time
from caseferry.ports import Clock
from caseferry.report.text import wrapped

_TOKENS: Final = 3  # requests for tokens, which the counters leave out
MOST_REQUESTS: Final = 60
"""Of a whole check, whatever the size of the tenants."""


@click.command(cls=Command, example="caseferry check --offline")
@click.option("--offline", is_flag=True, help="Ask no system.")
@click.option("--quick", is_flag=True, help="At most 20 requests: no customers.")
@click.option(
    "--canary",
    is_flag=True,
    help="Ask what only a write can tell: one throw-away record per side.",
)
@click.pass_obj
def check(
    invocation: Invocation, *, offline: bool, quick: bool, canary: bool
) -> Result:
    """Check everything before the first run.

    Configuration and mapping as a whole, then credentials, permissions, departments,
    attributes, what the tenants turn out to do, and whether customers are found on a
    sample. Reads only, at most 60 requests; --canary asks first, writes one record to
    each system and closes it.
    """
    if canary:
        if offline:
            raise UserError("--offline asks no system, and --canary writes to both")
        invocation.need_consent()
    try:
        loaded = invocation.load(secrets="named" if offline else "read")
    except ConfigError as error:
        return _result(failed("configuration", error), offline=offline)
    text = f"{loaded.file.name} is whole"
    found = [Finding(name="configuration", status="pass", message=text)]
    try:
        mapper = read_mapping(loaded.config)
    except MappingError as error:
        return _result([*found, *failed("mapping", error)], offline=offline)
    found += check_mapping(mapper, loaded.config)
    found += check_state(loaded.config)
    if offline:
        return _result(found, offline=True)
    seen = _online(invocation, loaded, mapper, quick=quick, canary=canary)
    return _result(
        [*found, *seen.findings],
        offline=False,
        answers=seen.answers,
        accepted=acceptance_if_any(invocation, mapper.digest),
        first=first_step(loaded.config, mapper),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    findings: list[Finding]
    answers: list[Answer] = field(default_factory=list)


def _online(
    invocation: Invocation,
    loaded: Loaded,
    mapper: Mapper,
    *,
    quick: bool,
    canary: bool,
) -> _Seen:
    known = known_answers(loaded.config)
    clock = SystemClock(invocation.stop.event)
    with (
        Progress(invocation.env, quiet=invocation.verbosity < 0) as progress,
        stoppable(invocation.stop, invocation.env),
    ):
        try:
            systems = build_systems(
                loaded, clock, progress.waiting, kore_ids=kore_ids_of(mapper)
            )
        except ConfigError as error:
            return _Seen(findings=failed("configuration", error))
        try:
            progress.progress("checks", 0, None)
            found = check_kore(systems)
            found += check_casemgr(systems, mapper, loaded.config)
            if any(finding.status == "fail" for finding in found):
                return _Seen(findings=found)
            now = canonical_time(clock.now())
            answers, more = probe(systems, loaded.config, now, quick=quick)
            found += more
            found += missing_ids(systems, mapper)
            if not quick:
                sent = sum(counter.sent for counter in systems.counters.values())
                most = MOST_REQUESTS - sent - _TOKENS
                found += check_customers(systems, mapper, clock, most=most)
            if canary and _is_agreed(invocation, progress):
                birds = _canaries(systems, loaded, mapper, clock, answers)
                found += birds.findings
                answers = birds.answers
        finally:
            systems.close()
    found += keep(loaded.config, answers)
    return _Seen(findings=found, answers=merged(known, answers))


def _is_agreed(invocation: Invocation, progress: Progress) -> bool:
    """Ask whether canaries may be written."""
    progress.pause()
    agreed = invocation.consent(QUESTION)
    progress.go_on()
    return agreed


def _canaries(  # noqa: PLR0917 - what a check has put together
    systems: Systems,
    loaded: Loaded,
    mapper: Mapper,
    clock: Clock,
    answers: list[Answer],
) -> _Seen:
    """Write a canary to each side; give the answers with what they told."""
    known = known_answers(loaded.config)
    canaries = Canaries(
        systems=systems,
        config=loaded.config,
        mapper=mapper,
        clock=clock,
        answers={a.fact: a for a in merged(known, answers)},
    )
    canaries.send()
    told = merged({a.fact: a for a in answers}, canaries.found)
    return _Seen(findings=canaries.findings, answers=told)


def _result(
    found: list[Finding],
    *,
    offline: bool,
    answers: Sequence[Answer] = (),
    accepted: Acceptance | None = None,
    first: str = "",
) -> Result:
    bad = [finding for finding in found if finding.status == "fail"]
    lines = [line for finding in found for line in _lines(finding)]
    lines += lines_of(answers)
    if not offline and not bad:
        lines += ["", "No API can see these; a person has to confirm them:"]
        lines += [*unseen_lines(), *confirmed_line(accepted)]
    lines += ["", *_next(bad, "" if offline else first)]
    return Result(
        data={
            "checks": [finding.data() for finding in found],
            "capabilities": data_of(answers),
            "confirm": [] if offline else list(WHOLE),
            "confirm_for": {} if offline else unseen_data(),
            "confirmed": None if accepted is None else accepted.data,
        },
        lines=lines,
        errors=[_error(finding) for finding in bad],
        exit_code=bad[0].exit_code if bad else ExitCode.DONE,
    )


def _lines(finding: Finding) -> list[str]:
    where = f"{finding.system} {finding.name}".strip()
    head = f"{finding.status} {where}: {finding.message}"
    lines = wrapped(head, hanging="     ")
    if finding.hint and finding.status != "pass":
        lines += wrapped(f"Hint: {finding.hint}", "     ", "       ")
    return lines


def _error(finding: Finding) -> dict[str, str]:
    entry = {
        "code": f"check-{finding.name}",
        "scope": "run",
        "fault": "operator",
        "message": finding.message,
        "hint": finding.hint,
    }
    return entry | ({"system": finding.system} if finding.system else {})


def _next(bad: list[Finding], first: str) -> list[str]:
    if bad:
        word = "check fails" if len(bad) == 1 else "checks fail"
        return [f"{len(bad)} {word}. Mend what is named, then check again."]
    return ["Next:", f"  {first or 'caseferry check   (asks both systems too)'}"]
