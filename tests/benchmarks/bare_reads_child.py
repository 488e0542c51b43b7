"""The yardstick of a run that finds nothing changed: the same requests, parsed.

One `httpx.Client`, JSON read with its own parser, nothing checked and nothing kept.
"""

import json
import time
from typing import Any

import httpx

from benchmarks.child import answer, options

_OWN = {"host", "content-length", "connection", "user-agent"}


def main() -> None:
    """Send every request twice; the second time tells what reading alone takes."""
    asked = options()
    took = []
    for _ in range(2):
        began = time.process_time()
        size = read(asked["url"], asked["requests"])
        took.append(time.process_time() - began)
    answer(size=size, again_s=took[-1], cpu_s=time.process_time() - took[-1])


def read(url: str, requests: list[dict[str, Any]]) -> int:
    """Read all pages; gives how many bytes came."""
    count = 0
    with httpx.Client(base_url=url, timeout=60) as client:
        for request in requests:
            headers = {n: v for n, v in request["headers"].items() if n not in _OWN}
            query = f"?{request['query']}" if request["query"] else ""
            reply = client.request(
                request["method"],
                request["path"] + query,
                headers=headers,
                content=request["body"].encode(),
            )
            reply.raise_for_status()
            count += len(reply.content)
            if reply.content:
                json.loads(reply.content)
    return count


if __name__ == "__main__":
    main()
