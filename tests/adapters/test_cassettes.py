"""Documented and recorded conversations, played back; and no cassette holds a secret.

To record the recorded ones anew see `adapters.tape`.
"""

import re
from pathlib import Path

import pytest

from adapters.rig import FUTURE, a_draft, records_of
from adapters.tape import (
    CASSETTES,
    casemgr_on,
    converse_casemgr,
    converse_kore,
    kore_on,
    tape,
)
from caseferry.adapters.kore import KoreHttp
from caseferry.adapters.kore.writes import Changes, NewCase, NewTask, Requester
from caseferry.errors import Refused
from caseferry.model.action import CustomerDraft
from caseferry.model.record import Entity, activity_key, case_key, kore_key

CASE = kore_key("ci-6b83ac7-1111-4222-8333-444455556666")
TASK = kore_key("ti-73acd32-1111-4222-8333-444455556666")
REQUESTER = Requester(id="u-11112222-3333-5444-8555-666677778888", name="Ada Lovelace")


def documented_kore() -> KoreHttp:
    return kore_on("https://platform.example/")


def test_create_case() -> None:
    """createCase: the documented reply is a record without description."""
    requester = REQUESTER.model_copy(update={"email": "ada@example.com"})
    case = NewCase(
        template="ctm-0000001-0000-4000-8000-000000000001",
        name="Leaking washer",
        desc="Water on the floor",
        requester=requester,
        source="rtm",
        due=FUTURE,
    )
    with tape("kore/documented.yaml"):
        made = documented_kore().client.create_case(case)

    assert made is not None
    assert made.key == CASE
    assert made.fields["refId"] == "CS000100"
    assert made.fields["dueDate"] == FUTURE
    assert "desc" not in made.fields


def test_create_task() -> None:
    """createTask: the documented reply is a record of its case."""
    task = NewTask(
        case_id="ci-6b83ac7-1111-4222-8333-444455556666",
        case_ref_id="CS000100",
        template="ttm-0000001-0000-4000-8000-000000000001",
        name="Order a seal",
        desc="For model 9",
        requester=REQUESTER,
        source="rtm",
    )
    with tape("kore/documented.yaml"):
        made = documented_kore().client.create_task(task)

    assert made is not None
    assert (made.key, made.parent) == (TASK, CASE)
    assert made.unknown == ()


def test_get_cases_and_tasks() -> None:
    """GetCases and getTasks: the documented envelopes end after one page."""
    with tape("kore/documented.yaml"):
        kore = documented_kore()
        cases = list(kore.pages(Entity.CASE))
        tasks = list(kore.pages(Entity.TASK))

    assert [page.last for page in cases + tasks] == [True, True]
    (case,), (task,) = records_of(cases), records_of(tasks)
    assert case.fields["desc"] == "Water on the floor"
    assert case.unknown == task.unknown == ()
    assert task.parent == case.key


def test_updates() -> None:
    """UpdateCase and updateTask: the documented replies are whole records."""
    with tape("kore/documented.yaml"):
        client = documented_kore().client
        case = client.update_case(CASE, Changes(name="Leaking washer, again"))
        task = client.update_task(TASK, Changes(name="Order two seals"))

    assert case.fields["queue"] == "Repairs"
    assert "assignee" not in case.fields
    assert case.unknown == ()
    assert task.fields["name"] == "Order two seals"
    assert task.version > "2026-03-02T09:01:00.725Z"


def test_create_activity() -> None:
    """CreateTask of casemgr: the id is found in every documented reply."""
    ada = CustomerDraft(attribute="email.emailAddress", value="ada@example.com")
    plain = a_draft(customer=ada, fields={"subject": "By location"})
    body = a_draft(customer=ada, fields={"subject": "By body"}, case=case_key("1023"))
    with tape("casemgr/documented.yaml"):
        casemgr = casemgr_on("https://api.example")
        keys = [
            casemgr.create_activity(draft)
            for draft in (
                plain,
                body,
                a_draft(customer=ada, fields={"subject": "By nobody"}),
            )
        ]
        with pytest.raises(Refused) as caught:
            casemgr.create_activity(
                a_draft(customer=ada, fields={"subject": "Refused"})
            )

    assert keys == [activity_key("1000"), activity_key("1025"), None]
    assert caught.value.code == "refused-400-101"


def test_documented_casemgr_reads() -> None:
    """The documented replies to reads and to a completion are understood."""
    stamp = "2026-02-01T01:52:54.790Z"
    with tape("casemgr/documented.yaml"):
        casemgr = casemgr_on("https://api.example")
        case = casemgr.get_cases([case_key("1000")])[case_key("1000")]
        ids = casemgr.find_customers("email.emailAddress", "ada@example.com", "Service")
        notes = casemgr.notes(activity_key("1005"))
        casemgr.complete_activities({activity_key("1025"): stamp})

    assert case.fields["subject"] == "Leaking washer"
    assert case.version == stamp
    assert case.unknown == ()
    assert ids == ("1011",)
    assert notes == ("Called back",)


def test_recorded_kore() -> None:
    """A recorded conversation with the sandbox plays back to the same records."""
    with tape("kore/conversation.yaml") as cassette:
        result = converse_kore(kore_on("http://127.0.0.1:8080"))

        assert cassette.all_played
    assert len(result["cases"]) == 3
    assert result["parents"] <= set(result["cases"])
    assert result["changed"]["name"] == "On tape"
    assert result["changed"]["tags"] == "taped"
    assert result["changed"]["dueDate"] == FUTURE


def test_recorded_casemgr() -> None:
    """A recorded life of a task plays back to the same end."""
    with tape("casemgr/conversation.yaml") as cassette:
        result = converse_casemgr(casemgr_on("http://127.0.0.1:8080"))

        assert cassette.all_played
    assert result == {
        "created": True,
        "priority": "5",
        "notes": ("on tape",),
        "case": ("closed", "high"),
        "of": [True],
        "customers": 1,
    }


CASSETTE_FILES = sorted(CASSETTES.rglob("*.yaml"))
FORBIDDEN = [
    r"(?i)^\s*(auth|authorization|cookie|set-cookie):",
    r"Bearer [A-Za-z0-9]",
    r"eyJ[A-Za-z0-9_-]{8,}",
    r"client_secret=(?!scrubbed)",
    r'"access_token": ?"(?!scrubbed")',
    r"(?i)-secret-",
    r"[A-Za-z0-9._+-]+@(?!example\.(com|org|net)\b|[a-z-]+\.example\b)[A-Za-z0-9.-]+",
]


@pytest.mark.parametrize("path", CASSETTE_FILES, ids=lambda path: path.name)
def test_no_secret_on_tape(path: Path) -> None:
    """No cassette holds a token, a secret, or an address that could be somebody's."""
    text = path.read_text("utf-8")

    found = [p for p in FORBIDDEN if re.search(p, text, re.MULTILINE)]

    assert found == []


def test_there_are_cassettes() -> None:
    """The check above has something to check."""
    assert {path.parent.name for path in CASSETTE_FILES} == {"kore", "casemgr"}
