"""The sandbox in a process of its own; ends with its standard input.

Control pages beyond the sandbox's own: `cpu`, `calls` (all that were answered),
`writes` and `reads` (with their bodies, when recording).
"""

import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.child import answer, options
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.sandbox import Reply, Request, Sandbox, running
from caseferry.sandbox.wire import json_reply


class MeasuredSandbox(Sandbox):
    """Tells its CPU time; keeps the writes to casemgr when told to."""

    def __init__(self, seed: int, readings: dict[str, Any], *, record: bool) -> None:
        super().__init__(seed, readings)
        self._record = record
        self._writes: list[dict[str, Any]] = []
        self._reads: list[dict[str, Any]] = []
        self._asked = threading.RLock()

    def handle(self, request: Request) -> Reply:
        if request.path == "/_sandbox/cpu":
            return json_reply(200, {"cpu": time.process_time()})
        if request.path == "/_sandbox/calls":
            return json_reply(
                200,
                [
                    {
                        "system": call.system,
                        "operation": call.operation,
                        "path": call.path,
                        "query": call.query,
                        "committed": call.committed,
                        "id": call.record_id,
                    }
                    for call in self.log
                ],
            )
        if request.path == "/_sandbox/writes":
            return json_reply(200, self._writes)
        if request.path == "/_sandbox/reads":
            return json_reply(200, self._reads)
        reply = super().handle(request)
        if self._record and reply.committed:
            self._keep(request, reply)
        elif self._record and not request.path.startswith("/_sandbox/"):
            self._reads.append(
                {
                    "method": request.method,
                    "path": request.path,
                    "query": request.query,
                    "body": request.body.decode(),
                    "headers": dict(request.headers),
                }
            )
        return reply

    def _keep(self, request: Request, reply: Reply) -> None:
        operation = self.log[-1].operation
        entry = {
            "operation": operation,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "body": request.body.decode(),
            "id": reply.record_id,
        }
        if operation == "create_task":
            entry["case"] = self.casemgr.activities[reply.record_id].case_id
        self._writes.append(entry)


def main() -> None:
    """Fill, serve, and wait."""
    asked = options()
    box = MeasuredSandbox(
        asked.get("seed", 7),
        asked.get("readings", {}),
        record=asked.get("record", False),
    )
    box.fill(asked.get("fill", "both"), cases=asked["cases"])
    with running(box, latency_s=asked.get("latency_s", 0.0)) as url:
        if "config" in asked:
            write_sandbox_config(Path(asked["config"]), url)
        answer(
            url=url,
            cases=len(box.kore.cases),
            tasks=len(box.kore.tasks),
            activities=len(box.casemgr.activities),
        )
        sys.stdin.read()


if __name__ == "__main__":
    main()
