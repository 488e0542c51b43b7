"""The part of `mapping check` that looks at records: what occurs and is not covered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from caseferry.bootstrap import reading_state
from caseferry.cli.observed import Reading, read_now, readings
from caseferry.cli.options import Invocation
from caseferry.config import Config
from caseferry.errors import ConfigError, StateError
from caseferry.mapping.compile import Mapper
from caseferry.mapping.coverage import Coverage, Gap
from caseferry.model.direction import NAMES
from caseferry.model.record import System
from caseferry.report.coverage import coverage_lines, gap_data
from caseferry.report.text import local_time, plural, wrapped

_HOW = "caseferry mapping check --read   (reads both systems, writes to neither)"

_MEND = "name them in the mapping, then caseferry mapping check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What was found out about coverage.

    Attributes:
        sources: the systems that were asked about.
        looked: what of each was looked at; one that nobody read is left out.
        gaps: everything that no row names.
        uncovered: those of them that somebody should mend.
        why: why nothing could be looked at.
    """

    sources: Sequence[System]
    looked: Mapping[System, Reading] = field(default_factory=dict)
    gaps: Sequence[Gap] = ()
    uncovered: Sequence[Gap] = ()
    why: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """The JSON output; `covered` is null where not every side was looked at."""
        every = all(source in self.looked for source in self.sources)
        mended = not self.uncovered
        return {
            "covered": mended if every or not mended else None,
            "looked_at": {
                source.value: found.data()
                if (found := self.looked.get(source))
                else None
                for source in self.sources
            },
            "not_covered": [gap_data(gap) for gap in self.uncovered],
            "information": [gap_data(g) for g in self.gaps if g not in self.uncovered],
        }

    def lines(self) -> list[str]:
        """Give it for a person."""
        lines = ["", "Coverage of what occurs"]
        for source in self.sources:
            found = self.looked.get(source)
            if found is not None:
                cases, tasks = plural(found.cases, "case"), plural(found.tasks, "task")
                at = f"read by run {found.run}, {local_time(found.at)}"
                lines += wrapped(
                    f"{NAMES[source]}: {cases}, {tasks}; {at}", "  ", "    "
                )
            else:
                why = self.why or "no run has read it whole yet"
                lines += wrapped(f"{NAMES[source]}: not checked: {why}", "  ", "    ")
        lines += coverage_lines(self.gaps)
        every = all(source in self.looked for source in self.sources)
        if self.looked and not self.uncovered:
            lines += ["", "Everything that was looked at is covered"]
        if self.uncovered:
            return [*lines, "", "Next:", f"  {_MEND}"]
        return lines if every else [*lines, "", "Next:", f"  {_HOW}"]


def look(
    invocation: Invocation, mapper: Mapper, sources: Sequence[System], *, read: bool
) -> Covered:
    """Look at what the state holds, or at both systems read anew.

    Raises:
        ConfigError, StateError, Locked, Interrupted: only with `read`.
    """
    if read:
        loaded = invocation.load(secrets="read")
        departments = {*loaded.config.casemgr.departments, *mapper.departments}
        read_now(invocation, loaded, tuple(sources), sorted(departments))
        return _covered(loaded.config, mapper, sources)
    try:
        return _covered(invocation.load().config, mapper, sources)
    except ConfigError:
        return Covered(sources=sources, why="the configuration is not whole yet")
    except StateError as error:
        why = "nothing was read yet"
        is_new = error.code in ("state-missing", "state-older")
        return Covered(sources=sources, why=why if is_new else error.message)


def _covered(config: Config, mapper: Mapper, sources: Sequence[System]) -> Covered:
    coverage = Coverage(mapper.spec)
    with reading_state(config) as store:
        looked = {s: r for s, r in readings(store).items() if s in sources}
        for reading in looked.values():
            for record in reading.records(store):
                coverage.add(record)
    return Covered(
        sources=sources,
        looked=looked,
        gaps=coverage.gaps(),
        uncovered=coverage.uncovered(),
    )
