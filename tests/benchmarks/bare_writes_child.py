"""The yardstick of the write path: the same requests in a bare loop over httpx.

One `httpx.Client` per thread, bodies encoded beforehand, no journal, nothing read back.
What was recorded of a migration is posted again: the creates as they were; what names
a record names one that was made just before the clock starts, so all are accepted.
"""

import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx

from benchmarks.child import Stopwatch, answer, fetch, options
from caseferry.sandbox import TENANT

BASE = "/core/casemgr/v3"
Request = tuple[str, str, bytes]
Write = dict[str, Any]


def main() -> None:
    """Prepare, post everything once, and hand over the figures."""
    asked = options()
    url, recorded = asked["url"], fetch(f"{asked['recorded']}/_sandbox/writes")
    headers = _authorised(url)
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        requests = Prepared(client, recorded).requests()
    with Stopwatch(url) as watch:
        refused = post(url, headers, requests, asked["workers"])
    answer(
        writes=len(requests),
        refused=refused,
        wall_s=watch.wall_s,
        cpu_s=watch.cpu_s,
        server_s=watch.server_s,
    )


def post(
    url: str, headers: dict[str, str], requests: Sequence[Request], workers: int
) -> int:
    """Send all requests, so many in flight; gives how many were refused."""
    queue = deque(requests)
    refused: list[int] = []

    def work() -> None:
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            while True:
                try:
                    method, target, body = queue.popleft()
                except IndexError:
                    return
                reply = client.request(method, target, content=body)
                if not reply.is_success:
                    refused.append(reply.status_code)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(refused)


class Prepared:
    """Makes the records that the recorded requests are about, then spells them anew."""

    def __init__(self, client: httpx.Client, recorded: list[Write]) -> None:
        self._client = client
        self._recorded = recorded
        self._activities: dict[str, str] = {}
        self._cases: dict[str, str] = {}
        self._versions: dict[str, str] = {}

    def requests(self) -> list[Request]:
        """Give the requests in the order of a migration's stages."""
        creates = [w for w in self._recorded if w["operation"] == "create_task"]
        openers = [w for w in creates if "case" not in json.loads(w["body"])]
        others = [w for w in creates if "case" in json.loads(w["body"])]
        for write in openers:
            self._create(write, write["body"])
        self._learn_cases(openers)
        children = [(write, self._into_case(write)) for write in others]
        for write, body in children:
            self._create(write, body)
        self._learn_versions()
        spelled = {
            name: list(self._spelled(name))
            for name in ("edit_case", "edit_activity", "complete_activities")
        }
        return [
            *((w["method"], _target(w), w["body"].encode()) for w in openers),
            *spelled["edit_case"],
            *((w["method"], _target(w), body.encode()) for w, body in children),
            *spelled["edit_activity"],
            *spelled["complete_activities"],
            *self._addressed("close_case", self._cases),
            *self._addressed("add_activity_note", self._activities),
        ]

    def _create(self, write: Write, body: str) -> None:
        reply = self._client.post(_target(write), content=body).raise_for_status()
        self._activities[write["id"]] = reply.headers["location"].rpartition("/")[2]

    def _learn_cases(self, openers: list[Write]) -> None:
        old = {self._activities[w["id"]]: w["case"] for w in openers}
        for row in self._read("activity", list(old)):
            self._cases[old[str(row["id"])]] = str(row["case"]["id"])

    def _learn_versions(self) -> None:
        for kind, ids in (("activity", self._activities), ("case", self._cases)):
            for row in self._read(kind, list(ids.values())):
                stamp = row["lastModified"]
                self._versions[f"{kind} {row['id']}"] = (
                    stamp["date"] if isinstance(stamp, dict) else stamp
                )

    def _read(self, kind: str, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        for batch in _batches(list(ids)):
            target = f"{BASE}/{kind}/{','.join(batch)}?%24attribute=all"
            yield from self._client.get(target).raise_for_status().json()[kind]

    def _into_case(self, write: Write) -> str:
        body = json.loads(write["body"])
        body["case"]["id"] = self._cases[body["case"]["id"]]
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

    def _spelled(self, operation: str) -> Iterator[Request]:
        """Spell edits and completions with the new ids and versions, each once."""
        kind = "case" if operation == "edit_case" else "activity"
        known = self._cases if kind == "case" else self._activities
        for write in self._recorded:
            if write["operation"] != operation:
                continue
            body = json.loads(write["body"])
            entries = body.get(kind, [body])
            for entry in entries if isinstance(entries, list) else [entries]:
                entry["id"] = known[entry["id"]]
                entry["lastModified"] = self._versions[f"{kind} {entry['id']}"]
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            yield write["method"], _target(write), text.encode()

    def _addressed(self, operation: str, known: dict[str, str]) -> Iterator[Request]:
        for write in self._recorded:
            if write["operation"] == operation:
                parts = write["path"].split("/")
                parts[5] = known[parts[5]]
                yield write["method"], "/".join(parts), write["body"].encode()


def _target(write: Write) -> str:
    query = f"?{write['query']}" if write["query"] else ""
    return f"{write['path']}{query}"


def _batches(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), 75):
        yield ids[start : start + 75]


def _authorised(url: str) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": TENANT.CASEMGR_CLIENT_ID,
        "client_secret": TENANT.CASEMGR_CLIENT_SECRET,
        "scope": TENANT.CASEMGR_SCOPE,
    }
    token = httpx.post(f"{url}/oauth2/token", data=form).raise_for_status().json()
    return {
        "Authorization": f"Bearer {token['access_token']}",
        "Accept": "application/json",
        "Accept-Language": "en-US",
        "Content-Type": "application/json",
    }


if __name__ == "__main__":
    main()
