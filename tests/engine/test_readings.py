"""Every reading of the documents that concerns Kore to casemgr: the same right end."""

import pytest

from caseferry.errors import CaseferryError, CaseSystemError, SafetyStop
from caseferry.sandbox import READINGS
from support.scene import Scene

ELSEWHERE = {  # they concern writes to Kore, or reads that a migration never sends
    "kore.enforce_desc_case",
    "kore.enforce_due_date",
    "kore.enforce_desc_task",
    "kore.enforce_user_contact",
    "kore.create_case_contact",
    "kore.case_ref_mismatch",
    "kore.closed_case_blocks_tasks",
    "kore.desc_on_create",
    "kore.desc_in_create_response",
    "kore.due_date_in_create_response",
    "kore.array_update",
    "kore.object_update",
    "kore.readonly_updates",
    "kore.missing_id_on_update",
    "kore.due_date_writes",
    "kore.field_writes",
    "kore.status_write_by",
    "kore.create_status",
    "kore.search_scope",
    "kore.filter_case",
    "kore.sort_unknown_field",
    "casemgr.on_behalf_of",
    "casemgr.unknown_content",
}
FIT: list[tuple[str, str | float]] = [
    (name, value)
    for name, switch in READINGS.items()
    if name not in ELSEWHERE
    for value in getattr(switch, "values", ())[1:]
] + [
    ("kore.default_limit", 3),
    ("kore.default_limit", 1),
    ("kore.max_limit", 4),
    ("kore.max_limit", "none"),
    ("kore.clock_offset_s", -7200),
    ("casemgr.clock_offset_s", 5400),
    ("casemgr.clock_offset_s", -5400),
    ("casemgr.search_lag_s", 4),
    ("casemgr.customer_search_lag_s", 20),
    ("casemgr.path_limit", 30),
    ("casemgr.token_life_s", 1),
    ("kore.rate_limit_per_minute", 5),
]
STOPS = {
    ("casemgr.attribute_drop", "on"): "key-dropped",
    ("casemgr.force_categorization", "on"): "first-group-refused",
    ("casemgr.actor_rule", "assignee"): "forbidden",
    ("casemgr.granted", "read"): "forbidden",
    ("casemgr.granted", "case_only"): "forbidden",
}
LOSES_CONTENT = {("casemgr.text_charset", "note_set")}
GOOD = [pair for pair in FIT if pair not in STOPS and pair not in LOSES_CONTENT]


def a_scene(name: str, value: str | float) -> Scene:
    readings: dict[str, str | float] = {name: value}
    if name.startswith("casemgr.content_shape"):
        readings["casemgr.unknown_content"] = "rejected"
    if name == "casemgr.customer_lookup_lag":
        readings["casemgr.customer_search_lag_s"] = 20
    if name == "kore.rate_limit_per_minute":
        readings["kore.rate_limit"] = "429"
    scene = Scene(cases=5, readings=readings)
    if name == "kore.jti":
        scene.rig.kore_options["jti"] = True
    return scene


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_migration_is_right_under_every_reading(
    name: str, value: str | float
) -> None:
    """Whatever a tenant does where the documents are open, the end is the same.

    An edit of one field changes that field and no other; closing closes; then rest.
    """
    scene = a_scene(name, value)
    case = scene.case(due=scene.due(50), tags=("vip",), fields={"Region": "EMEA"})
    task = scene.task(case, "Call back", due=scene.due(20), tags=("a", "b"))
    scene.run()
    assert scene.complaints() == []
    kept = dict(scene.of(task).custom), scene.of(task).due, dict(scene.of(case).custom)

    scene.edit(task, priority="Low")
    scene.edit(case, priority="Low")
    scene.again()
    now = dict(scene.of(task).custom), scene.of(task).due, dict(scene.of(case).custom)
    scene.edit(case, status="Closed")
    scene.again()

    assert now == (kept[0] | {"kore_priority": ("Low",)}, *kept[1:])
    assert (scene.of(task).priority, scene.of(case).severity) == ("6", "low")
    assert scene.of(case).status == "closed"
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize(("pair", "code"), STOPS.items())
def test_a_tenant_that_cannot_be_migrated_to_stops_the_first_group(
    pair: tuple[str, str], code: str
) -> None:
    """What the tenant refuses or drops is learnt on one group, not on all."""
    scene = Scene(cases=12, readings=dict([pair]))

    with pytest.raises((CaseSystemError, SafetyStop)) as caught:
        scene.run()

    assert caught.value.code.startswith(code)
    assert len(scene.box.casemgr.cases) <= 3
    with pytest.raises(CaseferryError):
        scene.again()
    assert len(scene.box.casemgr.cases) <= 4
    assert scene.complaints(whole=False) == []
