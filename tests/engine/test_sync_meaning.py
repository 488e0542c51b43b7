"""Another mapping rewrites what means something else, and no text that lost a bit."""

from collections.abc import Callable

import pytest

from caseferry.sandbox import Sandbox
from support.both import Both
from support.rig import default_mapper

LONG = "Router down again, " * 90
UNTIDY = "  two\tblanks \n and a break  "


def owned(owner: str, *, remapped: bool = False) -> Callable[[str], str]:
    """Let one side own every field; remapped a "4" means High, no more Medium."""

    def change(text: str) -> str:
        for name in ("ask", "kore", "casemgr"):
            text = text.replace(f'owner = "{name}"', f'owner = "{owner}"')
        if remapped:
            text = text.replace('["4", "5"]', '["5"]').replace('"3"]', '"3", "4"]')
        return text

    return change


def texts(box: Sandbox) -> dict[str, tuple[str, str | None]]:
    """Give everything that people wrote."""
    kore = (*box.kore.cases.values(), *box.kore.tasks.values())
    found: dict[str, tuple[str, str | None]] = {x.id: (x.name, x.desc) for x in kore}
    for case in box.casemgr.cases.values():
        found[case.id] = (case.subject, case.description)
    return found


@pytest.mark.parametrize("owner", ["kore", "casemgr", "ask"])
def test_a_changed_mapping_overwrites_no_text_with_what_came_of_it(owner: str) -> None:
    """Neither the long one with its beginning, nor the untidy one with a tidy one."""
    both = Both()
    both.rig.allowed = frozenset(["unlinked", "mapping-changed"])
    both.rig.mapper = default_mapper(owned(owner))
    case = both.case(LONG, desc=LONG, priority="Medium")
    task = both.task(case, LONG, desc=LONG, priority="Medium", due=both.due(20))
    agents = both.agent_case(UNTIDY, description=UNTIDY)
    both.agent_task(agents, UNTIDY, priority="5")
    both.sync()
    both.later()
    before = texts(both.box)

    both.rig.mapper = default_mapper(owned(owner, remapped=True))
    both.later()

    assert texts(both.box) == before
    number, name = both.of(task).priority, both.kore(task).priority
    assert (number, name) in (("5", "Medium"), ("4", "High"))
    assert both.holds == {}
    assert both.at_rest()
