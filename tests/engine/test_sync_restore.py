"""A state put back from a copy: what was done since is found, and made once."""

from pathlib import Path

from caseferry.adapters.sqlite import SqliteStore
from caseferry.model.record import Entity
from support.both import Both


def test_what_was_finished_since_a_backup_is_not_made_again(tmp_path: Path) -> None:
    """Kore shows what is unresolved; what we made and finished there is not."""
    both = Both()
    both.rig.kore_options["unresolved"] = frozenset(Entity)
    both.rig.store = SqliteStore.open(tmp_path / "state.db")
    case = both.case("Router down", priority="Medium")
    both.task(case, "Call back", priority="Medium", due=both.due(20))
    both.run()
    both.later()
    both.rig.store.backup(tmp_path / "backup.db")
    both.box.human.complete(both.agent_task(both.of(case).id, "Order a part"))
    own = both.agent_case("Printer on fire", severity="high")
    both.agent_task(own, "Fetch water", priority="2")
    both.box.human.close("casemgr", own)
    both.later(300)
    made = len(both.box.kore.cases), len(both.box.kore.tasks)
    assert made == (2, 3)

    both.rig.store.close()
    both.rig.store = SqliteStore.open(tmp_path / "backup.db")
    both.later(600)

    assert (len(both.box.kore.cases), len(both.box.kore.tasks)) == made
    assert both.at_rest()
    both.rig.store.close()
