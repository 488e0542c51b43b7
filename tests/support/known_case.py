"""Cases that are in casemgr already, put by agents where no route would put them."""

from typing import Any

from caseferry.engine.relink import retry
from support.both import Both
from support.rig import default_mapper

INTO_BILLING = """
[[route]]                  # in cases that lie there
department = "Billing"
subtype = "dispute"
assignee = "svc_billing"

[assignees] """
SERVICE, BILLING = "1001", "1002"
"""Users: who the routes name in either department."""


def routed(scene: Both) -> None:
    """Let the mapping say what is made in a case that lies in Billing."""
    scene.rig.mapper = default_mapper(
        lambda text: text.replace("[assignees] ", INTO_BILLING, 1)
    )


def person(scene: Both, **contact: Any) -> str:
    """Let an agent make a customer; gives the id."""
    return scene.box.human.create("casemgr", "customer", contact=contact)


def office(name: str, number: str = "0301234") -> dict[str, Any]:
    """Give a contact that has nothing but an office phone."""
    phone = {"type": {"value": "office"}, "phoneNo": number}
    return {"firstName": name, "phone": [phone]}


def mail(name: str) -> dict[str, Any]:
    """Give a contact with an e-mail address."""
    return {
        "firstName": name,
        "email": [{"emailAddress": f"{name.lower()}@example.com"}],
    }


def carried(scene: Both, subject: str, **values: Any) -> tuple[str, str]:
    """Carry an agent's case with one task to Kore; gives both cases' ids."""
    case = scene.agent_case(subject, **values)
    scene.agent_task(case, f"{subject}, as it came")
    scene.later()
    scene.later()
    (kore,) = [c.id for c in scene.box.kore.cases.values() if c.name == subject]
    return case, kore


def transfer(scene: Both, case: str, department: str) -> None:
    """Let an agent transfer a casemgr case with all that is in it."""
    scene.edit(f"case:{case}", department=department)
    for activity in inside(scene, case):
        scene.edit(f"activity:{activity.id}", department=department)


def inside(scene: Both, case: str) -> list[Any]:
    """Give the activities of a casemgr case, oldest first."""
    every = scene.box.casemgr.activities.values()
    return [activity for activity in every if activity.case_id == case]


def codes(scene: Both) -> dict[str, tuple[str, str]]:
    """Give what is held: by the source's id, the kind and the code."""
    return {
        key.removeprefix("kore:"): (str(hold.kind), hold.code)
        for key, hold in scene.holds.items()
    }


def take_up(scene: Both) -> None:
    """Take up all that is held, as a person does who put it right."""
    store = scene.rig.store
    retry(store, store.begin_run("retry", "t", {}), list(scene.holds.values()))
