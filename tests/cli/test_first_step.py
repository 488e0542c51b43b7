"""What `check` and `status` name as the next step where nothing was carried yet."""

from pathlib import Path

import pytest

from cli.conftest import Rehearsal
from cli.driver import Done

PLAN = "caseferry plan   (what `sync` would do; with --from, what `migrate` would)"


def mapping_of(shop: Rehearsal) -> Path:
    (found,) = (shop.home.folder / "mappings").glob("*.toml")
    return found


def next_of(done: Done) -> list[str]:
    """Give what stands under `Next:`."""
    return [line.strip() for line in done.out.partition("Next:\n")[2].splitlines()]


def one_way(shop: Rehearsal) -> None:
    """Let every row carry to casemgr only."""
    mapping = mapping_of(shop)
    text = mapping.read_text("utf-8").replace('"both"', '"to-casemgr"')
    mapping.write_text(text.replace('owner = "casemgr"', 'owner = "kore"'), "utf-8")


@pytest.mark.parametrize("argv", [("check",), ("status",)], ids=" ".join)
def test_a_mapping_both_ways_leads_to_a_plan(
    shop: Rehearsal, argv: tuple[str, ...]
) -> None:
    """It may be for two-way sync: a look at both sides, which writes nothing."""
    shop.home.run("check", "--quick")  # makes the state

    assert next_of(shop.home.run(*argv)) == [PLAN]


@pytest.mark.parametrize("argv", [("check",), ("status",)], ids=" ".join)
def test_a_mapping_one_way_leads_to_its_migration(
    shop: Rehearsal, argv: tuple[str, ...]
) -> None:
    """All of its rows go to casemgr: that is a migration from Kore."""
    one_way(shop)
    shop.home.run("check", "--quick")

    found = next_of(shop.home.run(*argv))

    assert found == ["caseferry migrate --from kore --dry-run"]


def test_what_cannot_create_in_kore_is_a_migration_from_it(shop: Rehearsal) -> None:
    """Without [to_kore] nothing can be made there, whatever the rows say."""
    mapping = mapping_of(shop)
    text = mapping.read_text("utf-8").replace('source = "rtm"', 'source = ""')
    mapping.write_text(text, "utf-8")

    assert next_of(shop.home.run("check", "--quick")) == [
        "caseferry migrate --from kore --dry-run"
    ]


def test_a_scope_is_for_sync_alone(shop: Rehearsal) -> None:
    """A migration would refuse [scope], so none is named."""
    one_way(shop)
    home = shop.home.having(CASEFERRY__SCOPE__STATUS="open")

    assert next_of(home.run("check", "--quick")) == [PLAN]


def test_a_broken_mapping_is_checked_first(shop: Rehearsal) -> None:
    """`status` works without a mapping, and does not guess what it is for."""
    shop.home.run("check", "--quick")
    mapping_of(shop).write_text("format = 1\n[nonsense]\n", "utf-8")

    assert next_of(shop.home.run("status")) == ["caseferry check"]


def test_a_plan_alone_leaves_the_state_fresh(shop: Rehearsal) -> None:
    """Nothing was carried by looking; once it is, the next step is the proof."""
    shop.home.run("plan")
    looked = next_of(shop.home.run("status"))
    shop.home.run("sync", "--yes")

    assert looked == [PLAN]
    assert next_of(shop.home.run("status"))[0].startswith("caseferry verify")
