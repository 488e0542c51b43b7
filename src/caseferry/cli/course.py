"""The course of a run, whatever began it: read, plan, guard, ask, carry out."""

from dataclasses import dataclass, replace
from shlex import quote
from typing import Protocol

from caseferry.bootstrap import limits_of, need_to_kore, two_way_of
from caseferry.cli.cut_short import CutShort
from caseferry.cli.migrate_report import AnyMigration, Figures, Story
from caseferry.cli.options import Invocation
from caseferry.cli.plan_header import header_of, made_by, redactor_of
from caseferry.cli.result import Result
from caseferry.cli.running import Begun, case_of, find_key, name_of
from caseferry.engine.changes import ReadPlan
from caseferry.engine.extract import extract_kore
from caseferry.engine.facts import Judged, lines_of
from caseferry.engine.gate import SavedGate
from caseferry.engine.migrate import Migration, Options, Planned
from caseferry.engine.sync.run import Sync, SyncOptions
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.extract import extract_casemgr
from caseferry.engine.to_kore.migrate import MigrationToKore
from caseferry.errors import CaseferryError, StateError, UserError
from caseferry.model.action import GroupPlan
from caseferry.model.direction import Direction
from caseferry.model.record import Key
from caseferry.planfile.read import SavedPlan
from caseferry.planfile.shape import Header, Scope
from caseferry.planfile.write import PlanWriter
from caseferry.report.plan import PlanLines

SHOWN = 25
"""How many actions a dry run shows unless -v asks for all."""


GUARDS = (
    "max-creates",
    "max-changes",
    "max-closed",
    "max-reopened",
    "max-reprioritised",
    "max-not-seen",
    "losses",
    "mapping-changed",
    "key-dropped",
    "field-dropped",
    "lookup-unproved",
    "ids-unknown",
    "unlinked",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator typed.

    Attributes:
        is_kept: a file will hold the plan, and that is what is carried out.
    """

    limit: int | None = None
    only: tuple[str, ...] = ()
    max_duration: float | None = None
    allow: tuple[str, ...] = ()
    dry_run: bool = False
    is_kept: bool = False

    def inputs(self) -> dict[str, str]:
        """Give them for the history."""
        given = {
            "dry_run": "yes" if self.dry_run else "",
            "limit": "" if self.limit is None else str(self.limit),
            "only": " ".join(self.only),
            "max_duration_s": str(self.max_duration or ""),
            "allow": " ".join(self.allow),
        }
        return {name: value for name, value in given.items() if value}

    def words(self) -> str:
        """Give the options to type again, each after a blank; not --dry-run."""
        options = [("--only", text) for text in self.only]
        options += [("--limit", str(self.limit))] * (self.limit is not None)
        options += [("--allow", guard) for guard in self.allow]
        return "".join(f" {name} {quote(value)}" for name, value in options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A saved plan, and the file's name as it was typed."""

    plan: SavedPlan
    file: str


class Shown(Judged, Protocol):
    """A planned group of either direction."""

    @property
    def plan(self) -> GroupPlan | None: ...


class Course:
    """One run or plan, from reading to the last line of the report.

    Attributes:
        header: of the plan, once it is made.
        is_carried_out: it went to its end.
    """

    def __init__(
        self,
        invocation: Invocation,
        this: Begun,
        wishes: Wishes,
        direction: Direction,
        *,
        writer: PlanWriter | None = None,
        saved: Saved | None = None,
    ) -> None:
        """Take what was typed.

        Args:
            invocation: the command.
            this: the run, begun.
            wishes: what the operator asked for.
            direction: which way.
            writer: keeps the lines of the plan; None only makes its digest.
            saved: the plan to be carried out, and nothing else, and its name.
        """
        self._invocation = invocation
        self._this = this
        self._wishes = wishes
        self._direction = direction
        self._context = this.run.context
        self._started = self._context.clock.monotonic()
        self._lines = PlanLines(
            lambda key: name_of(this.run.store, key),
            None if invocation.verbosity > 0 else SHOWN,
            fields=invocation.verbosity > 0,
        )
        self._planned = Planned(tally=Tally())
        self._story = Story(
            this,
            direction,
            dry=wishes.dry_run,
            started=self._started,
            command=_command(wishes, direction, saved),
        )
        self._cut_short = CutShort(this, self._story)
        self._writer = writer or PlanWriter(None, None)
        self._saved = saved.plan if saved else None
        self._gate: SavedGate | None = None
        self.header: Header | None = None
        self.is_carried_out = False
        self._migration = self._make(Options())

    def run(self) -> Result:
        """Go as far as may be gone; give what was done, errors included."""
        context, wishes = self._context, self._wishes
        context.allowed = frozenset(wishes.allow)
        if self._saved is not None:
            self._gate = SavedGate(self._saved, redactor_of(self._this, self._saved))
            context.gate = self._gate
        if wishes.max_duration is not None:
            context.deadline = self._started + wishes.max_duration
        try:
            self._migration = self._read()
            planned = self._migration.plan(self._show)
            self._planned = planned
            figures = self._figures(planned.tally)
            self.header = self._header(planned, figures)
            self._cut_short.planned(self.header.digest, planned.guards)
            figures = replace(figures, digest=self.header.digest)
            if planned.stops:
                return self._story.stopped(figures, self._lines, planned.stops)
            if wishes.dry_run:
                return self._story.plan(figures, self._lines)
            if not self._may_write(figures):
                return self._story.declined(figures)
            return self._carry_out(figures)
        except CaseferryError as error:
            return self._failed(error)

    def _read(self) -> AnyMigration:
        """Read both systems; a key that was never read is found after a first read."""
        store, context = self._this.run.store, self._context
        if self._direction is Direction.TO_KORE:
            need_to_kore(self._this.mapper)
        limits = limits_of(self._this.loaded.config)
        wishes = self._wishes
        if any(not store.resolve_key(text) for text in wishes.only):
            to_kore = self._direction is Direction.TO_KORE
            (extract_casemgr if to_kore else extract_kore)(context)
        options = Options(only=self._only(), limit=wishes.limit, limits=limits)
        migration = self._make(options)
        migration.read()
        return migration

    def _make(self, options: Options) -> AnyMigration:
        config, context = self._this.loaded.config, self._context
        if self._direction is Direction.TWO_WAY:
            context.two_way = two_way_of(config)
            reading = ReadPlan(full_scan_every_s=config.sync.full_scan_every)
            wanted = SyncOptions(limits=options.limits, reading=reading)
            return Sync(context, wanted)
        to_kore = self._direction is Direction.TO_KORE
        return (MigrationToKore if to_kore else Migration)(context, options)

    def _show(self, work: Shown) -> None:
        """Take a planned group into the plan's digest, file and text."""
        if work.plan is None:
            return
        for line in lines_of(work, work.plan, order=self._writer.lines):
            self._writer.add(line)
        if self._wishes.dry_run:
            self._lines.add(work.plan)

    def _header(self, planned: Planned, figures: Figures) -> Header:
        this, scope = self._this, self._wishes
        known = header_of(
            this,
            self._story.data(figures),
            planned,
            Scope(only=tuple(sorted(scope.only)), limit=scope.limit),
            # a run that finds nothing to do, again and again, looks at no record twice
            inputs=scope.dry_run or self._writer.lines > 0,
        )
        return self._writer.header(known, made_by(this))

    def _only(self) -> tuple[Key, ...]:
        store = self._this.run.store
        texts = self._wishes.only
        if self._direction is Direction.TWO_WAY:
            return ()
        source = self._direction.source
        if self._saved is not None and self._saved.header.scope != Scope():
            return tuple(Key(case) for case in self._saved.cases)
        return tuple(case_of(store, find_key(store, text), source) for text in texts)

    def _figures(self, tally: Tally, digest: str = "") -> Figures:
        reached = not self._context.must_stop()
        is_partial = bool(self._only()) or self._wishes.limit is not None
        return Figures(
            tally=tally,
            migration=self._migration,
            direction=self._direction,
            digest=digest,
            guards=self._planned.guards,
            gone=tuple(self._gate.gone()) if self._gate and reached else (),
            is_partial=is_partial or self._context.must_stop(),
        )

    def _may_write(self, figures: Figures) -> bool:
        """Show what would be done and ask; nothing to write needs no question."""
        if not figures.planned and not self._this.run.store.open_intents():
            return True
        self._this.progress.pause()
        if self._invocation.may_ask() and not self._invocation.yes:
            self._invocation.explain(self._story.summary(figures, dry=True))
        agreed = self._invocation.consent(self._story.question(figures))
        self._this.progress.go_on()
        return agreed

    def _carry_out(self, figures: Figures) -> Result:
        context = self._context
        figures.migration.acknowledge_mapping()
        before, planned = self._sent(), figures.planned_by
        total = figures.migration.extracted.cases + figures.migration.extracted.tasks
        self._this.progress.expect(
            total, lambda: max(0, sum(planned.values()) - (self._sent() - before))
        )
        tally = self._migration.carry_out()
        done = self._figures(tally, figures.digest)
        self.is_carried_out = not context.must_stop()
        is_late = context.must_stop() and any(done.left.values())
        return self._story.done(done, planned, is_late=is_late)

    def _sent(self) -> int:
        counters = self._this.run.systems.counters
        return sum(counters[target].sent for target in self._direction.targets)

    def _failed(self, error: CaseferryError) -> Result:
        if isinstance(error, UserError) and not isinstance(error, StateError):
            raise error
        return self._cut_short.result(self._migration, error)


def _command(wishes: Wishes, direction: Direction, saved: Saved | None) -> str:
    """Give the command that carries out what is planned, or goes on with it."""
    if wishes.is_kept:
        return ""
    if saved is not None:
        return f"caseferry apply {quote(saved.file)}{wishes.words()}"
    if direction is Direction.TWO_WAY:
        return f"caseferry sync{wishes.words()}"
    return f"caseferry migrate --from {direction.source}{wishes.words()}"
