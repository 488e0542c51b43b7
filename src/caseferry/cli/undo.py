"""`undo`: take a run back as far as the systems allow; again at any time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import click

from caseferry.adapters.sqlite import RunEntry, SqliteStore
from caseferry.bootstrap import reading_state
from caseferry.cli.history import find_run
from caseferry.cli.options import Command, Invocation, allow_option, dry_run_option
from caseferry.cli.result import ExitCode, Result, error_entries, error_lines
from caseferry.cli.running import Begun, begun, name_of
from caseferry.engine.tally import Tally
from caseferry.engine.undo.apply import GUARD
from caseferry.engine.undo.run import UNDONE, Undo, Undone
from caseferry.errors import CaseferryError, StateError, UserError
from caseferry.model.action import Action, ActionKind, GroupPlan
from caseferry.model.direction import Direction
from caseferry.model.record import System, fingerprint
from caseferry.reconcile.undo.view import Cannot
from caseferry.report.plan import LEGEND, PlanLines
from caseferry.report.text import plural
from caseferry.report.undone import cannot_lines, undone_lines

_SHOWN: Final = 25
_LISTED: Final = 1000
"""How many of the records that stay are named in the JSON output."""


@click.command(cls=Command, example="caseferry undo last --dry-run")
@click.argument("run", metavar="RUN")
@allow_option((GUARD,))
@dry_run_option("Show what would be taken back, and what cannot; write nothing.")
@click.pass_obj
def undo(
    invocation: Invocation, *, run: str, allow: tuple[str, ...], dry_run: bool
) -> Result:
    """Take a run back as far as the systems allow.

    Fields get back what they held, unless somebody changed them since. What the run
    made is deactivated in Kore, and marked and completed in casemgr. Nothing is made
    from it again until `retry`. May be interrupted and run again at any time. RUN is
    its number; `last` is the latest that wrote something.
    """
    if not dry_run:
        invocation.need_consent()
    with reading_state(invocation.load().config) as store:
        entry = _last_written(store) if run == "last" else find_run(store, run)
        by = store.get_fact(f"{UNDONE}{entry.number}")
        is_empty = not store.entries(entry.number)
    _need_undoable(entry)
    if is_empty or by is not None:
        return _nothing(entry, by)
    inputs = {"undo": str(entry.number), "allow": " ".join(allow)}
    inputs |= {"dry_run": "yes"} if dry_run else {}
    given = {name: value for name, value in inputs.items() if value}
    with begun(invocation, given, Direction.TWO_WAY) as this:
        this.run.context.allowed = frozenset(allow)
        result = _Course(invocation, this, entry, dry=dry_run).run()
        this.came_to(result)
    return result


def _last_written(store: SqliteStore) -> RunEntry:
    """Give the latest run that wrote something, undos left out.

    Raises:
        UserError: there is none.
    """
    for entry in store.runs(_LISTED):
        if entry.command != "undo" and store.entries(entry.number):
            return entry
    raise UserError(
        "no run wrote anything",
        code="run-unknown",
        hint="`caseferry history` lists them",
    )


def _need_undoable(entry: RunEntry) -> None:
    if entry.command == "undo":
        raise UserError(
            f"run {entry.number} is an undo, and cannot be undone",
            code="undo-of-undo",
            hint="`caseferry retry KEY` takes records up again, then migrate",
        )


def _nothing(entry: RunEntry, by: str | None) -> Result:
    text = f"Run {entry.number} wrote nothing; there is nothing to undo."
    if by is not None:
        text = f"Run {entry.number} was taken back by run {by}; nothing is left to do."
    data: dict[str, Any] = {
        "undone_run": entry.number,
        "dry_run": False,
        "taken_back_by": None if by is None else int(by),
        "actions": Tally().data(),
        "cannot": [],
        "cannot_counts": {},
        "causes": [],
        "requests": {
            system.value: {"planned": 0, "sent": 0, "retried": 0} for system in System
        },
    }
    return Result(data=data, lines=[text])


class _Course:
    """One undo, from reading to the last line of the report."""

    def __init__(
        self, invocation: Invocation, this: Begun, entry: RunEntry, *, dry: bool
    ) -> None:
        self._invocation = invocation
        self._this = this
        self._entry = entry
        self._dry = dry
        self._context = this.run.context
        self._started = self._context.clock.monotonic()
        self._digest = fingerprint(["undo", entry.number])
        self._lines = PlanLines(
            lambda key: name_of(this.run.store, key),
            None if invocation.verbosity > 0 else _SHOWN,
            fields=invocation.verbosity > 0,
        )
        self._planned: dict[str, int] = {}

    def run(self) -> Result:
        """Go as far as may be gone; give what was done, errors included."""
        undo = Undo(self._context, self._entry.number)
        try:
            undo.read()
            undone = undo.plan(self._show)
            self._planned = {str(s): n for s, n in undone.requests.items()}
            data = self._data(undone)
            if self._dry:
                steps = [f"caseferry undo {self._entry.number}"]
                return self._result(data, self._plan_lines(data, steps))
            if not self._may_write(undone, data):
                return self._result(data, ["Nothing was written."])
            undone = undo.carry_out()
        except CaseferryError as error:
            if isinstance(error, UserError) and not isinstance(error, StateError):
                raise
            return self._cut_short(undo, error)
        data = self._data(undone)
        code = ExitCode.PARTIAL if undone.held else ExitCode.DONE
        return self._result(data, self._done_lines(data, undone), code)

    def _show(self, plan: GroupPlan) -> None:
        """Keep a group's actions; what is listed beforehand is not shown again."""
        told = [_plain(action) for action in plan.actions]
        self._digest = fingerprint([self._digest, plan.case, told])
        actions = [a for a in plan.actions if a.kind is not ActionKind.SET_ASIDE]
        self._lines.add(replace(plan, actions=tuple(actions)))

    def _may_write(self, undone: Undone, data: dict[str, Any]) -> bool:
        self._this.progress.pause()
        invocation = self._invocation
        if invocation.may_ask() and not invocation.yes:
            invocation.explain(self._plan_lines(data, ()))
        ended = undone.tally.total("complete", "close")
        question = (
            f"Take run {self._entry.number} back: {plural(ended, 'record')} finished, "
            f"{plural(undone.tally.total('update'), 'record')} put back, about "
            f"{plural(sum(undone.requests.values()), 'request')}?"
        )
        agreed = invocation.consent(question)
        self._this.progress.go_on()
        return agreed

    def _cut_short(self, undo: Undo, error: CaseferryError) -> Result:
        data = self._data(undo.so_far())
        again = "Run the undo again: it goes on where this one was."
        return replace(
            self._result(data, [*error_lines(error), again], error.exit_code),
            errors=error_entries(error),
        )

    def _result(
        self, data: dict[str, Any], lines: Sequence[str], code: int = ExitCode.DONE
    ) -> Result:
        return Result(data=data, lines=lines, exit_code=code, run=self._this.number)

    def _plan_lines(self, data: dict[str, Any], steps: Sequence[str]) -> list[str]:
        lines = [*cannot_lines(data, examples=self._examples), ""]
        if self._lines.lines:
            lines += [LEGEND, *self._lines.lines]
            if self._lines.left:
                lines.append(f"… and {plural(self._lines.left, 'action')} more")
            lines.append("")
        dry = data | {"dry_run": True}
        return [*lines, *undone_lines(dry, self._this.number, steps)]

    def _done_lines(self, data: dict[str, Any], undone: Undone) -> list[str]:
        steps = []
        if undone.held:
            steps.append(
                f"caseferry undo {self._entry.number}   (what is left, once it is "
                "mended or has had its time)"
            )
        steps.append("caseferry verify   (what is undone is out of scope)")
        return [
            *cannot_lines(data, examples=self._examples),
            "",
            *undone_lines(data, self._this.number, steps),
        ]

    @property
    def _examples(self) -> int:
        return _LISTED if self._invocation.verbosity > 0 else 3

    def _data(self, undone: Undone) -> dict[str, Any]:
        cannot = [*_customers(self._entry), *undone.cannot]
        counters = self._this.run.systems.counters
        duration_s = self._context.clock.monotonic() - self._started
        return {
            "undone_run": self._entry.number,
            "dry_run": self._dry,
            "taken_back_by": None if self._dry or undone.held else self._this.number,
            "actions": undone.tally.data(),
            "cannot": [_cannot_data(each) for each in cannot[:_LISTED]],
            "cannot_counts": dict(sorted(Counter(c.code for c in cannot).items())),
            "causes": [
                {"kind": kind, "code": code, "count": count}
                for (kind, code), count in sorted(undone.tally.codes.items())
            ],
            "requests": {
                system: {
                    "planned": self._planned.get(system, 0),
                    "sent": counter.sent,
                    "retried": counter.retried,
                }
                for system, counter in counters.items()
            },
            "digest": self._digest,
            "duration_s": round(duration_s, 1),
        }


def _plain(action: Action) -> list[object]:
    changes = [[c.name, c.before, c.after] for c in action.changes]
    return [action.kind, action.role, action.key, action.counterpart, changes]


def _customers(entry: RunEntry) -> list[Cannot]:
    """Tell of the customers that the run made, as far as its summary is kept."""
    actions: Any = entry.summary.get("actions", {})
    count = actions.get("customer", {}).get("created", 0)
    reason = (
        f"{plural(count, 'customer')} that the run made in casemgr: no call deletes one"
    )
    return [Cannot(code="customers-stay", key=None, reason=reason)] if count else []


def _cannot_data(each: Cannot) -> dict[str, Any]:
    return {
        "code": each.code,
        "key": each.key,
        "field": each.field,
        "reason": each.reason,
    }
