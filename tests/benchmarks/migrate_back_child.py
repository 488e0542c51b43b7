"""One migration from casemgr to Kore against a sandbox."""

from pathlib import Path

from benchmarks.child import Stopwatch, answer, options, peak_mb
from benchmarks.setup import context_of
from caseferry.adapters.sqlite import SqliteStore
from caseferry.engine.migrate import Options
from caseferry.engine.to_kore.migrate import MigrationToKore
from caseferry.engine.workers import Workers


def main() -> None:
    """Migrate; hand over the time and the memory it took."""
    asked = options()
    with (
        SqliteStore.open(Path(asked["state"])) as store,
        Workers(asked["workers"]) as workers,
    ):
        migration = MigrationToKore(context_of(asked["url"], store, workers), Options())
        with Stopwatch(asked["url"]) as watch:
            migration.read()
            migration.plan()
            migration.carry_out()
    answer(wall_s=watch.wall_s, cpu_s=watch.cpu_s, peak_mb=peak_mb())


if __name__ == "__main__":
    main()
