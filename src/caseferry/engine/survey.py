"""Reading a system whole into the state, to look at what occurs; writes to neither."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from caseferry.errors import Interrupted
from caseferry.model.record import Entity, System
from caseferry.ports import CasemgrSystem, KoreSystem, Page, Reporter, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a reading without a mapping works with.

    Attributes:
        run: the number under which records are kept.
        departments: of casemgr, that are read.
        is_stopping: asked between two pages.
    """

    kore: KoreSystem
    casemgr: CasemgrSystem
    store: Store
    reporter: Reporter
    run: int
    departments: Sequence[str]
    is_stopping: Callable[[], bool]

    def read(self, systems: Sequence[System]) -> None:
        """Read all cases and tasks of these systems into the state.

        Raises:
            Interrupted: asked to stop; what was read is kept, and counts for nothing.
        """
        for system in systems:
            for what, pages in self._listings(system):
                self._keep(system, f"read {what}", pages)

    def _listings(self, system: System) -> Iterator[tuple[str, Iterator[Page]]]:
        if system is System.KORE:
            for entity in Entity:
                yield f"Kore {entity}s", self.kore.pages(entity)
            return
        for department in self.departments:
            yield "casemgr cases", self.casemgr.cases(department)
            yield "casemgr activities", self.casemgr.activities(department)

    def _keep(self, system: System, phase: str, pages: Iterator[Page]) -> None:
        seen = 0
        for page in pages:
            self.store.save_records(self.run, system, page.records)
            seen += len(page.records)
            self.reporter.progress(phase, seen, page.total)
            if self.is_stopping():
                raise Interrupted("stopped while reading; nothing was written")
