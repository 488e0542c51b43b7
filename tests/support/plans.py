"""Plans as files: made of what a migration would do, and carried out later."""

import io
from dataclasses import dataclass

from caseferry.engine.context import Context
from caseferry.engine.facts import Judged, lines_of
from caseferry.engine.gate import SavedGate
from caseferry.engine.migrate import Migration, Options, Planned
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.migrate import MigrationToKore
from caseferry.planfile.read import SavedPlan, read_plan
from caseferry.planfile.redact import Redactor
from caseferry.planfile.shape import ActionLine, Header, Made, Pair
from caseferry.planfile.write import PlanWriter
from support.rig import Rig

REDACTOR = Redactor(b"a key of the state")
HEADER = Header(
    line="header",
    direction="kore-to-casemgr",
    pair=Pair(kore_account="a", kore_stream="st", casemgr_tenant="care"),
    mapping="m",
    policy="p",
    configuration="c",
)
MADE = Made(created="2026-03-02T09:00:00.000Z", version="1")
AnyMigration = Migration | MigrationToKore


@dataclass
class Plans:
    """Makes and carries out plans between the systems of one rig."""

    rig: Rig
    to_kore: bool = False
    redacted: bool = False

    def make(self, options: Options | None = None) -> bytes:
        """Plan, and give the file."""
        spool = io.BytesIO()
        writer = PlanWriter(spool, REDACTOR if self.redacted else None)

        def show(work: Judged) -> None:
            plan = getattr(work, "plan")  # noqa: B009 - either direction's
            for line in lines_of(work, plan, order=writer.lines):
                writer.add(line)

        migration = self._migration(self._context(), options)
        migration.read()
        self.planned: Planned = migration.plan(show)
        header = writer.header(HEADER, MADE)
        return b"".join(writer.text(header))

    def apply(self, file: bytes) -> Tally:
        """Carry a plan out, guards left out."""
        context = self._context()
        saved = opened(file)
        context.gate = SavedGate(saved, REDACTOR if self.redacted else None)
        migration = self._migration(context, None)
        migration.read()
        migration.plan()
        self.run = context.run
        return migration.carry_out()

    def _context(self) -> Context:
        context = self.rig.context()
        inputs = {"from": "casemgr" if self.to_kore else "kore"}
        context.run = self.rig.store.begin_run("apply", "t", inputs)
        return context

    def _migration(self, context: Context, options: Options | None) -> AnyMigration:
        make = MigrationToKore if self.to_kore else Migration
        return make(context, options or Options())


def opened(file: bytes) -> SavedPlan:
    """Read a file that a test made."""
    return read_plan(io.BytesIO(file), "plan.jsonl")


def lines(file: bytes) -> list[ActionLine]:
    """Give the lines of a file."""
    return list(opened(file).lines())
