"""`migrate`: read, plan, guard, ask, carry out; again at any time."""

from dataclasses import dataclass
from shlex import quote

import click

from caseferry.bootstrap import limits_of, need_to_kore
from caseferry.cli.cut_short import CutShort
from caseferry.cli.migrate_report import AnyMigration, Figures, Story
from caseferry.cli.options import Command, Duration, Invocation, dry_run_option
from caseferry.cli.result import Result
from caseferry.cli.running import Begun, begun, case_of, name_of, resolve
from caseferry.engine.extract import extract_kore
from caseferry.engine.migrate import Migration, Options, Planned
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.extract import extract_casemgr
from caseferry.engine.to_kore.migrate import MigrationToKore
from caseferry.errors import CaseferryError, StateError, UserError
from caseferry.model.action import GroupPlan
from caseferry.model.direction import Direction, direction_from
from caseferry.model.record import Key
from caseferry.report.plan import PlanDigest, PlanLines

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
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator typed."""

    limit: int | None = None
    only: tuple[str, ...] = ()
    max_duration: float | None = None
    allow: tuple[str, ...] = ()
    dry_run: bool = False

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


@click.command(cls=Command, example="caseferry migrate --from kore --dry-run")
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Choice(["kore", "casemgr"]),
    help="The system that is left behind.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most N cases that are not finished yet.",
)
@click.option(
    "--only", multiple=True, metavar="KEY", help="Only this case; repeatable."
)
@click.option(
    "--max-duration",
    type=Duration(),
    metavar="D",
    help="Begin nothing new after 90s, 45m, 8h …",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="GUARD",
    type=click.Choice(GUARDS),
    help="Pass this guard, by the name it stops with; repeatable.",
)
@dry_run_option("Show the plan; write to neither system.")
@click.pass_obj
def migrate(  # noqa: PLR0913 - one per option
    invocation: Invocation,
    *,
    source: str,
    limit: int | None,
    only: tuple[str, ...],
    max_duration: float | None,
    allow: tuple[str, ...],
    dry_run: bool,
) -> Result:
    """Carry everything to the other side, exactly once.

    May be interrupted and run again at any time: it goes on where it was, does nothing
    twice, and carries what is new or changed since.
    """
    if not dry_run:
        invocation.need_consent()
    wishes = Wishes(
        limit=limit,
        only=only,
        max_duration=max_duration,
        allow=allow,
        dry_run=dry_run,
    )
    direction = direction_from(source)
    inputs = {"from": source} | wishes.inputs()
    with begun(invocation, inputs, direction) as this:
        result = _Course(invocation, this, wishes, direction).run()
        this.exit_code = result.exit_code
        this.summary = result.data
    return result


class _Course:
    """One migration, from reading to the last line of the report."""

    def __init__(
        self,
        invocation: Invocation,
        this: Begun,
        wishes: Wishes,
        direction: Direction,
    ) -> None:
        self._invocation = invocation
        self._this = this
        self._wishes = wishes
        self._direction = direction
        self._make = MigrationToKore if direction is Direction.TO_KORE else Migration
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
            words=wishes.words(),
        )
        self._cut_short = CutShort(this, self._story)
        self._migration: AnyMigration = self._make(self._context, Options())

    def run(self) -> Result:
        """Go as far as may be gone; give what was done, errors included."""
        context, wishes = self._context, self._wishes
        context.allowed = frozenset(wishes.allow)
        if wishes.max_duration is not None:
            context.deadline = self._started + wishes.max_duration
        try:
            self._migration = self._read()
            digest = PlanDigest(self._inputs())
            planned = self._plan(digest)
            self._planned = planned
            self._cut_short.planned(str(digest), planned.guards)
            figures = self._figures(planned.tally, digest)
            if planned.stops:
                return self._story.stopped(figures, self._lines, planned.stops)
            if wishes.dry_run:
                return self._story.plan(figures, self._lines)
            if not self._may_write(figures):
                return self._story.declined(figures)
            return self._carry_out(figures, digest)
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
        migration = self._make(context, options)
        migration.read()
        return migration

    def _only(self) -> tuple[Key, ...]:
        store = self._this.run.store
        source = self._direction.source
        texts = self._wishes.only
        return tuple(case_of(store, resolve(store, text), source) for text in texts)

    def _inputs(self) -> dict[str, object]:
        limits = limits_of(self._this.loaded.config)
        return {
            "direction": str(self._direction),
            "pair": self._context.settings.pair.mark,
            "mapping": self._this.mapper.digest,
            "only": sorted(self._wishes.only),
            "limit": self._wishes.limit,
            "guards": str(limits),
        }

    def _plan(self, digest: PlanDigest) -> Planned:
        def show(plan: GroupPlan) -> None:
            digest.add(plan)
            if self._wishes.dry_run:
                self._lines.add(plan)

        return self._migration.plan(show)

    def _figures(self, tally: Tally, digest: PlanDigest) -> Figures:
        is_partial = bool(self._wishes.only) or self._wishes.limit is not None
        return Figures(
            tally=tally,
            migration=self._migration,
            direction=self._direction,
            digest=str(digest),
            guards=self._planned.guards,
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

    def _carry_out(self, figures: Figures, digest: PlanDigest) -> Result:
        context = self._context
        figures.migration.acknowledge_mapping()
        counter = self._this.run.systems.counters[self._direction.target]
        before = counter.sent
        total = figures.migration.extracted.cases + figures.migration.extracted.tasks
        self._this.progress.expect(
            total, lambda: max(0, figures.planned - (counter.sent - before))
        )
        tally = self._migration.carry_out()
        done = self._figures(tally, digest)
        is_late = context.must_stop() and any(done.left.values())
        return self._story.done(done, figures.planned, is_late=is_late)

    def _failed(self, error: CaseferryError) -> Result:
        if isinstance(error, UserError) and not isinstance(error, StateError):
            raise error
        return self._cut_short.result(self._migration, error)
