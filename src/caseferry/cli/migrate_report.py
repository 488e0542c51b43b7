"""From the engine's tally to the JSON data and the lines of a run or of a plan."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from caseferry.cli.accepted import accepted_mapping
from caseferry.cli.result import ExitCode, Result, error_entries
from caseferry.cli.running import Begun, name_of
from caseferry.engine.migrate import Migration
from caseferry.engine.sync.run import Sync
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.migrate import MigrationToKore
from caseferry.errors import InvariantBroken, SafetyStop
from caseferry.model.direction import NAMES, Direction
from caseferry.model.link import HoldKind
from caseferry.model.record import Key
from caseferry.ports import BULK
from caseferry.reconcile.guard import GuardFigure
from caseferry.report.migration import Rate, Told, summary_lines
from caseferry.report.plan import LEGEND, PlanLines
from caseferry.report.text import plural, wrapped

_NAMED: Final = 5
"""How many records that are gone are named in the text."""
_HELD: Final = ("quarantine", "set_aside", "uncertain", "waiting")
_STANDING: Final = (HoldKind.QUARANTINE, HoldKind.SET_ASIDE, HoldKind.UNCERTAIN)


AnyMigration = Migration | MigrationToKore | Sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a plan or a run came to.

    Attributes:
        guards: with the figures of the plan.
        gone: records that a saved plan would write and nobody shows any more.
        is_partial: the operator limited it, or it ran out of time.
    """

    tally: Tally
    migration: AnyMigration
    direction: Direction
    digest: str
    guards: Sequence[GuardFigure] = ()
    gone: Sequence[Key] = ()
    is_partial: bool = False

    @property
    def planned_by(self) -> dict[str, int]:
        """About how many requests the plan needs by system, reading back included."""
        if isinstance(self.migration, Sync):
            ledger = self.migration.ledger
            return {
                "kore": ledger.to_kore.planned,
                "casemgr": _to_casemgr(ledger.to_casemgr),
            }
        if self.direction is Direction.TO_KORE:
            return {"kore": self.tally.planned}
        return {"casemgr": _to_casemgr(self.tally)}

    @property
    def planned(self) -> int:
        """About how many requests the plan needs in all."""
        return sum(self.planned_by.values())

    @property
    def left(self) -> dict[str, int]:
        """Records that were read and not reached."""
        extracted = self.migration.extracted
        ends: Counter[str] = Counter()
        for (entity, _), count in self.tally.ends.items():
            ends[entity] += count
        return {
            "case": extracted.cases - ends["case"],
            "task": extracted.tasks - ends["task"],
        }

    @property
    def balances(self) -> bool:
        """Tell whether each record that was read has one end, or was not reached."""
        if self.is_partial:
            return all(count >= 0 for count in self.left.values())
        extracted = self.migration.extracted
        return self.tally.balances({"case": extracted.cases, "task": extracted.tasks})


class Story:
    """Tells what one run did, either way or both."""

    def __init__(
        self,
        this: Begun,
        direction: Direction,
        *,
        dry: bool,
        started: float,
        command: str,
    ) -> None:
        """Take the run, and the command that carries out what is planned."""
        self._this = this
        self._command = command
        self._mapping = accepted_mapping(this.run.store.facts, this.mapper.digest)
        self.direction = direction
        self._dry = dry
        self._started = started

    def data(
        self, figures: Figures, planned: Mapping[str, int] | None = None
    ) -> dict[str, Any]:
        """Give the JSON data."""
        extracted, adopted = figures.migration.extracted, figures.migration.adopted
        tally, limits = figures.tally, self._this.mapper.spec.losses
        return {
            "direction": str(self.direction),
            "dry_run": self._dry,
            "read": self._read(figures),
            "complete": extracted.complete,
            "adopted": {
                "links": adopted.links,
                "twice": adopted.twice,
                "strangers": adopted.strangers,
            },
            "actions": tally.data(),
            "balances": figures.balances,
            "left": figures.left,
            "gone": list(figures.gone),
            "losses": dict(sorted(tally.losses.items())),
            "accepted": {rule: limits.get(rule, 0) for rule in sorted(tally.losses)},
            "stays_behind": dict(sorted(tally.stays_behind.items())),
            "causes": _causes(tally),
            "requests": self._requests(planned or figures.planned_by),
            "guards": [guard.data for guard in figures.guards],
            "mapping": self._mapping,
            "digest": figures.digest,
            "duration_s": self._duration_s(),
        }

    def _read(self, figures: Figures) -> dict[str, dict[str, int]]:
        migration = figures.migration
        if isinstance(migration, Sync):
            return migration.looked
        extracted = migration.extracted
        return {
            self.direction.source: {"case": extracted.cases, "task": extracted.tasks},
            self.direction.target: {"case": 0, "task": migration.adopted.records},
        }

    def plan(self, figures: Figures, shown: PlanLines) -> Result:
        """Tell what a dry run found."""
        return Result(
            data=self.data(figures),
            lines=[
                *self._plan_lines(shown),
                *self.summary(figures, dry=True, steps=self._after_plan()),
                *self._warnings(figures),
            ],
            run=self._this.number,
        )

    def stopped(
        self, figures: Figures, shown: PlanLines, stops: Sequence[SafetyStop]
    ) -> Result:
        """Tell which guards refuse."""
        lines = self._plan_lines(shown) if self._dry else []
        lines += self.summary(figures, dry=True)
        lines += ["", "Error: stopped before the first write; nothing was written"]
        for stop in stops:
            lines += wrapped(f"{stop.guard}: {stop.message}", "  ", "    ")
            lines += wrapped(f"Hint: {stop.hint}", "    ", "      ")
        return Result(
            data=self.data(figures),
            lines=lines,
            errors=[entry for stop in stops for entry in error_entries(stop)],
            exit_code=ExitCode.SAFETY_STOP,
            run=self._this.number,
        )

    def declined(self, figures: Figures) -> Result:
        """Tell that nothing was written, since nobody agreed."""
        return Result(
            data=self.data(figures),
            lines=["Nothing was written."],
            run=self._this.number,
        )

    def done(
        self, figures: Figures, planned: Mapping[str, int], *, is_late: bool
    ) -> Result:
        """Tell what was done."""
        tally = figures.tally
        standing = self._standing()
        is_partial = is_late or bool(figures.gone)
        code = exit_code_of(
            tally, standing, balances=figures.balances, is_partial=is_partial
        )
        steps = self._next_steps(tally, standing, is_late=is_late)
        return Result(
            data=self.data(figures, planned),
            lines=[
                *self.summary(figures, dry=False, steps=steps),
                *self._warnings(figures),
            ],
            errors=[] if figures.balances else error_entries(_UNBALANCED),
            exit_code=code,
            run=self._this.number,
        )

    def summary(
        self, figures: Figures, *, dry: bool, steps: Sequence[str] = ()
    ) -> list[str]:
        """Give the summary of the plan, or of what was done."""
        config = self._this.loaded.config
        rates = {
            "kore": Rate(
                per_minute=config.kore.requests_per_minute,
                per_hour=config.kore.requests_per_hour,
            ),
            "casemgr": Rate(per_minute=config.casemgr.requests_per_minute),
        }
        return summary_lines(
            Told(
                data=self.data(figures),
                run=self._this.number,
                dry=dry,
                accepted=self._this.mapper.spec.losses,
                rates=rates,
                causes=figures.tally.codes,
                next_steps=steps,
            )
        )

    def question(self, figures: Figures) -> str:
        """Ask for what is about to be written."""
        tally = figures.tally
        parts = [plural(figures.planned, "request")] + [
            f"{plural(count, 'record')} {words}"
            for words, count in (
                ("made", tally.total("create")),
                ("changed", tally.total("update")),
                ("told by a note", tally.total("note")),
                ("finished", tally.total("complete", "close")),
                ("opened again", tally.total("reopen")),
            )
            if count
        ]
        where = " and ".join(NAMES[each] for each in self.direction.targets)
        return f"Write to {where}: {', '.join(parts)}?"

    def _plan_lines(self, shown: PlanLines) -> list[str]:
        if not shown.lines:
            return []
        lines = [LEGEND, *shown.lines]
        if shown.left:
            more = plural(shown.left, "action")
            lines.append(f"… and {more} more; -v shows all, with their fields")
        return [*lines, ""]

    def _warnings(self, figures: Figures) -> list[str]:
        extracted, adopted = figures.migration.extracted, figures.migration.adopted
        lines: list[str] = []
        names = " or ".join(NAMES[each] for each in self.direction.sources)
        if not extracted.complete:
            lines += wrapped(
                f"A listing of {names} moved while it was read; "
                "what is missing is carried by the next run.",
                "  ",
            )
        lines += self._gone(figures.gone)
        if adopted.links:
            lines.append(f"  {plural(adopted.links, 'link')} restored from keys")
        if adopted.twice:
            lines += wrapped(
                f"{plural(adopted.twice, 'record')} with a key that another "
                "one carries too: `caseferry quarantine`",
                "  ",
            )
        return lines

    def _requests(self, planned: Mapping[str, int]) -> dict[str, dict[str, int]]:
        counters = self._this.run.systems.counters
        return {
            system: {
                "planned": planned.get(system, 0),
                "sent": counter.sent,
                "retried": counter.retried,
            }
            for system, counter in counters.items()
        }

    def _gone(self, keys: Sequence[Key]) -> list[str]:
        """Name what a saved plan would write and nobody shows any more."""
        if not keys:
            return []
        names = [name_of(self._this.run.store, key) or key for key in keys[:_NAMED]]
        more = [f"{len(keys) - _NAMED} more"] if len(keys) > _NAMED else []
        text = f"{plural(len(keys), 'record')} of the plan not shown any more and "
        text += f"left out: {', '.join([*names, *more])}"
        return wrapped(text, "  ")

    def _after_plan(self) -> list[str]:
        command = self._command
        if command not in [f"caseferry migrate --from {system}" for system in NAMES]:
            return [command] if command else []
        return [f"{command} --limit 5   (a first few, to look at them)", command]

    def _standing(self) -> Mapping[HoldKind, int]:
        """Give what is listed and was not looked at; a migration looks at all."""
        is_two_way = self.direction is Direction.TWO_WAY
        return self._this.run.store.hold_counts() if is_two_way else {}

    def _next_steps(
        self, tally: Tally, standing: Mapping[HoldKind, int], *, is_late: bool
    ) -> list[str]:
        steps = []
        if is_late:
            steps.append(f"{self._command}   (goes on where this one was)")
        listed = any(standing.get(kind) for kind in _STANDING)
        if listed or tally.total("quarantine", "set_aside", "uncertain"):
            steps.append("caseferry quarantine   (what waits for you, by cause)")
        if self.direction is Direction.TWO_WAY:
            if tally.total("conflict") or standing.get(HoldKind.CONFLICT):
                steps.append("caseferry conflicts   (what waits for your decision)")
            return steps
        steps.append("caseferry verify   (compares both sides anew: the proof)")
        return steps

    def _duration_s(self) -> float:
        return round(self._this.run.clock.monotonic() - self._started, 1)


_UNBALANCED: Final = InvariantBroken("the report does not balance")


def _to_casemgr(tally: Tally) -> int:
    if not tally.planned and not tally.completions:
        return 0
    touched = tally.total("create", "update", "complete", "close")
    return tally.planned + _bulks(tally.completions) + _bulks(touched)


def _bulks(count: int) -> int:
    return -(-count // BULK)


def _causes(tally: Tally) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "code": code, "count": count}
        for (kind, code), count in sorted(tally.codes.items())
    ]


def exit_code_of(
    tally: Tally,
    standing: Mapping[HoldKind, int],
    *,
    balances: bool = True,
    is_partial: bool = False,
) -> ExitCode:
    """Give the exit code of a run that went through: of several, 1, 3, 4 in this order.

    Args:
        tally: what it did.
        standing: what the state still lists, by kind. A two-way run does not look at
            what is listed and did not change; it is left open all the same.
        balances: each record that was read is accounted for.
        is_partial: it ran out of time, or what a plan says is gone.
    """
    if not balances:
        return ExitCode.ERROR
    if (
        tally.total(*_HELD)
        or is_partial
        or any(standing.get(kind) for kind in _STANDING)
    ):
        return ExitCode.PARTIAL
    is_asking = tally.total("conflict") or standing.get(HoldKind.CONFLICT)
    return ExitCode.CONFLICTS if is_asking else ExitCode.DONE
