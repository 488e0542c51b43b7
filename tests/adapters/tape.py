"""Conversations with both systems on tape: how they are played, and how recorded.

Record them anew, against a seeded sandbox, with

    PYTHONPATH=tests python -m adapters.tape

`documented.yaml` of each system is written by hand from the vendors' samples, with
values of our own, and is never recorded.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import vcr  # type: ignore[import-untyped]

from adapters.rig import CASEMGR, FUTURE, KORE, FakeClock, a_draft, records_of
from caseferry.adapters.casemgr import CasemgrHttp
from caseferry.adapters.kore import KoreHttp
from caseferry.adapters.kore.writes import Changes
from caseferry.model.record import Entity
from caseferry.sandbox import Sandbox, running

CASSETTES = Path(__file__).parents[2] / "cassettes"
HOST = "http://127.0.0.1:8080"
_SECRETS = [
    (re.compile(rb'("access_token": ?")[^"]*'), rb"\1scrubbed"),
    (re.compile(rb"(client_secret=)[^&]*"), rb"\1scrubbed"),
]


def _scrubbed(text: bytes) -> bytes:
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _request(request: Any) -> Any:
    """Take secrets, and the port that happened to be free, out of a request."""
    request.uri = re.sub(r"^https?://[^/]+", HOST, request.uri)
    if request.body:
        request.body = _scrubbed(request.body)
    return request


def _response(response: Any) -> Any:
    body = response["body"]["string"]
    raw = body if isinstance(body, bytes) else body.encode()
    response["body"]["string"] = _scrubbed(raw)
    return response


@contextmanager
def tape(name: str, *, record: bool = False) -> Iterator[Any]:
    """Play a cassette; only `record` ever writes one."""
    recorder = vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode="all" if record else "none",
        match_on=["method", "path", "query", "body"],
        filter_headers=["auth", "authorization", "user-agent", "host"],
        before_record_request=_request,
        before_record_response=_response,
        decode_compressed_response=True,
    )
    with recorder.use_cassette(name) as cassette:
        yield cassette


def kore_on(base_url: str, **more: Any) -> KoreHttp:
    """Build Kore on real connections, which a tape stands in for."""
    settings = replace(KORE, base_url=base_url, page_size=2, **more)
    return KoreHttp.build(settings, clock=FakeClock())


def casemgr_on(base_url: str, **more: Any) -> CasemgrHttp:
    """Build casemgr on real connections, which a tape stands in for."""
    settings = replace(
        CASEMGR, base_url=base_url, token_url=f"{base_url}/oauth2/token", **more
    )
    return CasemgrHttp.build(settings, clock=FakeClock())


def converse_kore(kore: KoreHttp) -> dict[str, Any]:
    """Read everything, change one case; give what a test compares."""
    cases = records_of(list(kore.pages(Entity.CASE)))
    tasks = records_of(list(kore.pages(Entity.TASK)))
    changed = kore.client.update_case(
        cases[0].key, Changes(name="On tape", tags=("taped",), due=FUTURE)
    )
    kore.close()
    return {
        "cases": [str(record.key) for record in cases],
        "tasks": len(tasks),
        "parents": {str(task.parent) for task in tasks},
        "changed": dict(changed.fields),
        "requests": kore.counter.sent,
    }


def converse_casemgr(casemgr: CasemgrHttp) -> dict[str, Any]:
    """Lead one task through its whole life; give what a test compares."""
    key = casemgr.create_activity(a_draft())
    (found,) = casemgr.find_activities(a_draft().correlation, "Service")
    casemgr.edit_activity(found.key, found.version, {"priority": "5"})
    parent = found.parent or found.key
    case = casemgr.get_cases([parent])[parent]
    casemgr.edit_case(case.key, case.version, {"severity": "high"})
    casemgr.add_note(found.key, "on tape")
    edited = casemgr.get_activities([found.key])[found.key]
    casemgr.complete_activities({edited.key: edited.version})
    closed = casemgr.get_cases([case.key])[case.key]
    result = {
        "created": key == found.key,
        "priority": edited.fields["priority"],
        "notes": casemgr.notes(found.key),
        "case": (closed.fields["status"], closed.fields["severity"]),
        "of": [r.key == key for r in casemgr.activities_of(case.key, "Service")],
        "customers": len(
            casemgr.find_customers("email.emailAddress", "ada@example.com", "Service")
        ),
    }
    casemgr.close()
    return result


def main() -> None:
    """Record both conversations anew."""
    clock = FakeClock()
    box = Sandbox(seed=7, clock=clock.tick)
    box.fill("kore", 3)
    with running(box) as base:
        conversations: dict[str, Callable[[], dict[str, Any]]] = {
            "kore": lambda: converse_kore(kore_on(base)),
            "casemgr": lambda: converse_casemgr(casemgr_on(base)),
        }
        for name, converse in conversations.items():
            (CASSETTES / name / "conversation.yaml").unlink(missing_ok=True)
            with tape(f"{name}/conversation.yaml", record=True):
                print(name, converse())


if __name__ == "__main__":
    main()
