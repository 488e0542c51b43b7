"""What to type where nothing was carried yet: it follows what the mapping is for."""

from caseferry.config import Config
from caseferry.mapping.compile import Mapper
from caseferry.model.record import System


def first_step(config: Config, mapper: Mapper | None) -> str:
    """Give the command that shows what the first run would do, and writes nothing.

    A mapping that carries one way is for a migration; one that carries both ways may be
    for either, and `[scope]` is for two-way sync alone.
    """
    if mapper is None:
        return "caseferry check"
    targets = _targets(mapper)
    if len(targets) == 1 and not any(value for _, value in config.scope):
        source = System.KORE if System.CASEMGR in targets else System.CASEMGR
        return f"caseferry migrate --from {source} --dry-run"
    return "caseferry plan   (what `sync` would do; with --from, what `migrate` would)"


def _targets(mapper: Mapper) -> frozenset[System]:
    """Give the systems that the mapping can write to."""
    spec = mapper.spec
    rows = [*spec.rows("case").values(), *spec.rows("task").values()]
    ways = {row.direction for row in rows}
    found = set()
    if ways - {"to-kore"}:
        found.add(System.CASEMGR)
    if ways - {"to-casemgr"} and not mapper.problems_to_kore():
        found.add(System.KORE)
    return frozenset(found)
