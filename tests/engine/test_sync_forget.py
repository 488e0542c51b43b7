"""`forget` between two syncs: what is read again goes on being in step."""

from pathlib import Path

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.adapters.sqlite import SqliteStore
from caseferry.model.record import Entity, kore_key
from support.both import Both
from support.scene import Scene


def test_an_edit_after_forget_is_carried_by_the_next_sync(tmp_path: Path) -> None:
    """Also one in a case that was forgotten, and did not change itself."""
    both = Both(readings={"kore.sort_updated_at": "supported"})
    sort = {entity: {"updatedAt": "desc"} for entity in Entity}
    both.rig.kore_options |= {"changed_sorts": sort, "page_size": 2}
    with SqliteStore.open(tmp_path / "state.db") as store:
        both.rig.store = store
        case = both.case("Router down", priority="Medium")
        task = both.task(case, "Call back", priority="Medium", due=both.due(20))
        both.run()
        both.later()
        for number in range(4):
            both.task(both.case(f"Other {number}"), "Order a part")
            both.later()

        store.forget(kore_key(case))
        both.edit(task, priority="Critical")
        both.later()

        assert both.of(task).priority == "1"
        assert both.at_rest()


def test_what_ends_after_forget_stays_ended(tmp_path: Path) -> None:
    """Nobody opened the other one again: it was open when both last agreed."""
    both = Both()
    with SqliteStore.open(tmp_path / "state.db") as store:
        both.rig.store = store
        theirs = both.agent_case("Router down")
        both.later()
        (case,) = both.box.kore.cases

        store.forget(kore_key(case))
        both.edit(case, status="Closed")
        both.edit(f"case:{theirs}", due=both.due(20))
        both.later()
        both.later()  # a case that shows nothing open is closed when seen twice

        assert both.kore(case).status == "Closed"
        assert both.at_rest()


@pytest.mark.parametrize("how", ["sync", "migrate", "lost"])
def test_what_an_agent_changed_is_not_overwritten_unsaid(
    tmp_path: Path, how: str
) -> None:
    """Kore owns a case's name, but nobody knows any more that an agent changed it."""
    both = Both()
    with SqliteStore.open(tmp_path / "state.db") as store:
        both.rig.store = store
        case = both.case("Router down")
        both.task(case, "Call back")
        both.later()
        both.edit(f"case:{both.of(case).id}", subject="She leaves us")

        if how == "lost":
            both.rig.store = MemoryStore()
        else:
            store.forget(kore_key(case))
        both.clock.sleep(3600)
        if how == "migrate":
            both.again()
        else:
            both.later()

        assert both.of(case).subject == "She leaves us"
        assert both.kore(case).name == "Router down"
        assert both.holds[kore_key(case)].code == "not-agreed"


@pytest.mark.parametrize("both_ways", [True, False])
def test_a_note_is_not_written_again_after_forget(
    tmp_path: Path, *, both_ways: bool
) -> None:
    """Nobody knows any more whether it was; the next ones are, and one back as well."""
    scene = Both() if both_ways else Scene()
    look = scene.later if isinstance(scene, Both) else scene.again
    with SqliteStore.open(tmp_path / "state.db") as store:
        scene.rig.store = store
        case = scene.case("Router down")
        task = scene.task(case, "Call back")
        scene.run()
        scene.edit(task, name="Renamed")
        look()

        for _ in range(2):
            store.forget(kore_key(task))
            look()
            look()
        assert len(scene.of(task).notes) == 1
        for name in ("Again", "Renamed"):
            scene.edit(task, name=name)
            look()

        said = [note.content.rpartition(": ")[2] for note in scene.of(task).notes]
        assert said == ["Renamed", "Again", "Renamed"]
        before = scene.written
        look()
        assert scene.written == before
