"""Who edits and completes: the client application, or the assignee it acts for."""

import threading
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs

import httpx
import pytest

from adapters.rig import CASEMGR, Bench, FakeClock, a_draft, bench
from caseferry.adapters.casemgr import CasemgrHttp
from caseferry.errors import AuthFailed, CaseSystemError, Forbidden, Scope
from caseferry.model.record import Entity, Key, Record, activity_key
from caseferry.sandbox import TENANT

ONLY_ASSIGNEE: dict[str, str | float] = {"casemgr.actor_rule": "assignee"}
KEY = activity_key("1000")

Act = Callable[[CasemgrHttp, Record], None]


def edit(casemgr: CasemgrHttp, record: Record) -> None:
    actor = casemgr.actor_of(record)
    casemgr.edit_activity(record.key, record.version, {"priority": "7"}, actor=actor)


def complete(casemgr: CasemgrHttp, record: Record) -> None:
    actor = casemgr.actor_of(record)
    casemgr.complete_activities({record.key: record.version}, actor=actor)


ACTS = [edit, complete]


def made(b: Bench, assignee: str = "jdoe", number: int = 1) -> Record:
    """Create an activity for this assignee and read it back."""
    draft = a_draft(assignee=assignee, correlation=f"cf1.0a1b2c3d.t.ti-{number}.0")
    key = b.casemgr.create_activity(draft)
    assert key is not None
    return b.casemgr.get_activities([key])[key]


def token_forms(
    answer: Callable[[dict[str, str]], httpx.Response], **more: str
) -> tuple[CasemgrHttp, FakeClock, list[dict[str, str]], list[str]]:
    """Build casemgr that acts as assignees, on a token endpoint of our own."""
    asked: list[dict[str, str]] = []
    used: list[str] = []
    clock = FakeClock()

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            form = {k: v[0] for k, v in parse_qs(request.content.decode()).items()}
            asked.append(form | {"path": request.url.path})
            return answer(form)
        used.append(request.headers["authorization"])
        return httpx.Response(204)

    settings = replace(CASEMGR, edit_as="assignee", **more)  # type: ignore[arg-type]
    transport = httpx.MockTransport(handle)
    casemgr = CasemgrHttp.build(settings, clock=clock, transport=transport)
    return casemgr, clock, asked, used


def granting(form: dict[str, str]) -> httpx.Response:
    name = form.get("subject_username") or form.get("subject_userid") or "client"
    return httpx.Response(200, json={"access_token": name, "expires_in": 100})


def an_edit(casemgr: CasemgrHttp, actor: str) -> None:
    casemgr.edit_activity(KEY, "v", {"priority": "3"}, actor=actor)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("rule", ["client", "assignee"])
def test_the_assignee_is_acted_for(act: Act, rule: str) -> None:
    """As the assignee both operations go through, whatever the tenant asks for."""
    b = bench({"casemgr.actor_rule": rule}, casemgr={"edit_as": "assignee"})
    record = made(b)

    act(b.casemgr, record)

    stored = b.box.casemgr.activities[record.key.rpartition(":")[2]]
    assert stored.modified_by == stored.assignee == "1003"


@pytest.mark.parametrize("act", ACTS)
def test_the_client_acts_itself(act: Act) -> None:
    """Without the setting no token but the client application's is asked for."""
    b = bench()
    record = made(b)

    act(b.casemgr, record)

    stored = b.box.casemgr.activities[record.key.rpartition(":")[2]]
    assert stored.modified_by == TENANT.API_CLIENT_USER.id
    assert sum(call.operation == "token" for call in b.box.log) == 1


@pytest.mark.parametrize("act", ACTS)
def test_a_client_that_may_not_is_told_what_to_set(act: Act) -> None:
    """Where only the assignee may, the refusal names the setting."""
    b = bench(ONLY_ASSIGNEE)
    record = made(b)

    with pytest.raises(Forbidden, match=r'edit_as = "assignee"') as caught:
        act(b.casemgr, record)

    assert (caught.value.code, caught.value.scope) == (
        "forbidden-403-105",
        Scope.RECORD,
    )
    assert b.box.casemgr.activities["1000"].modified_by == TENANT.API_CLIENT_USER.id


def test_another_assignee_meanwhile() -> None:
    """Who was given the activity since is not acted for; the refusal says so."""
    b = bench(ONLY_ASSIGNEE, casemgr={"edit_as": "assignee"})
    record = made(b)
    b.box.casemgr.activities["1000"].assignee = "1004"

    with pytest.raises(Forbidden, match="given to somebody else"):
        edit(b.casemgr, record)


@pytest.mark.parametrize("act", ACTS)
def test_the_flow_is_not_allowed(act: Act) -> None:
    """Where the flow itself is refused the run stops, and says what to ask for."""
    readings = ONLY_ASSIGNEE | {"casemgr.on_behalf_of": "refused"}
    b = bench(readings, casemgr={"edit_as": "assignee"})
    record = made(b)

    with pytest.raises(AuthFailed, match="ask the casemgr administrator") as caught:
        act(b.casemgr, record)

    assert caught.value.scope is Scope.RUN
    assert "core.casemgr.manage" in caught.value.hint
    assert "unsupported_grant_type" in caught.value.message
    assert TENANT.CASEMGR_CLIENT_SECRET not in str(caught.value.message)


def test_one_user_is_refused() -> None:
    """A user nobody knows concerns single records, and is not asked for again soon."""
    b = bench(casemgr={"edit_as": "assignee"})
    record = made(b)

    def tokens() -> int:
        return sum(call.operation == "token" for call in b.box.log)

    def attempt(actor: str) -> None:
        b.casemgr.edit_activity(
            record.key, record.version, {"priority": "2"}, actor=actor
        )

    before = tokens()
    for _ in range(3):
        with pytest.raises(Forbidden, match="assignee gone") as caught:
            attempt("gone")
        assert caught.value.scope is Scope.RECORD
    assert tokens() - before == 1
    b.clock.pass_by(301)
    with pytest.raises(Forbidden):
        attempt("gone")
    assert tokens() - before == 2
    attempt("jdoe")


def test_one_token_for_each() -> None:
    """A token is asked for once per user, by login or id, and renewed in time."""
    casemgr, clock, asked, used = token_forms(granting)

    for actor in ("jdoe", "1003", "jdoe"):
        an_edit(casemgr, actor)
    clock.pass_by(81)
    an_edit(casemgr, "jdoe")

    common = {
        "grant_type": "password",
        "client_id": CASEMGR.client_id,
        "client_secret": CASEMGR.client_secret,
        "scope": CASEMGR.scope,
        "path": "/oauth2/token",
    }
    jdoe = common | {"subject_username": "jdoe"}
    assert asked == [jdoe, common | {"subject_userid": "1003"}, jdoe]
    assert used == ["Bearer jdoe", "Bearer 1003", "Bearer jdoe", "Bearer jdoe"]


def test_the_older_generation_has_its_own_place() -> None:
    """Users' tokens may come from elsewhere, and under other scopes."""
    casemgr, _, asked, _ = token_forms(
        granting,
        user_scope="core.casemgr.manage",
        user_token_url="https://casemgr.test/onbehalfof/token?user_type=user",
    )

    casemgr.probe_token()
    an_edit(casemgr, "jdoe")

    assert [(form["path"], form["scope"]) for form in asked] == [
        ("/oauth2/token", CASEMGR.scope),
        ("/onbehalfof/token", "core.casemgr.manage"),
    ]


def test_a_token_that_expired_is_renewed_once() -> None:
    """A 401 forgets the token of this user only, and is followed by a fresh one."""
    b = bench({"casemgr.token_life_s": 1000}, casemgr={"edit_as": "assignee"})
    record = made(b)
    edit(b.casemgr, record)
    b.break_down("unauthorized", "complete_activities")

    complete(b.casemgr, b.casemgr.get_activities([record.key])[record.key])

    assert b.box.casemgr.activities["1000"].status == "completed"
    assert sum(call.operation == "token" for call in b.box.log) == 3


def test_one_fetch_for_all_threads() -> None:
    """However many threads act for a user at once, his token is fetched once."""
    casemgr, _, asked, used = token_forms(granting)

    threads = [
        threading.Thread(target=an_edit, args=(casemgr, "jdoe")) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert (len(asked), len(used)) == (1, 16)


def test_no_assignee() -> None:
    """An activity in a queue has nobody to act for: the client asks, and is refused."""
    b = bench(casemgr={"edit_as": "assignee"})
    record = Record(
        key=Key("casemgr:activity:1"),
        entity=Entity.TASK,
        parent=None,
        version="v",
        fields={},
    )

    assert b.casemgr.actor_of(record) == ""
    with pytest.raises(CaseSystemError):
        edit(b.casemgr, record)


def test_delegated_scopes_are_others() -> None:
    """A tenant that tells the two kinds of scope apart is served by `user_scope`."""
    readings = ONLY_ASSIGNEE | {"casemgr.scope_check": "strict"}
    same = bench(readings, casemgr={"edit_as": "assignee"})
    scope = "https://api.egain.cloud/auth/core.casemgr.manage"
    own = bench(readings, casemgr={"edit_as": "assignee", "user_scope": scope})

    with pytest.raises(AuthFailed, match="user_scope"):
        edit(same.casemgr, made(same))
    edit(own.casemgr, made(own))
