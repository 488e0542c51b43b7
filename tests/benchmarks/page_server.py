"""Serves the same Kore records in two shapes from memory, as fast as Python can.

`POST …/getCases` with `skip` and `limit` answers with Kore's envelope, `GET /cases`
with `offset` and `limit` with `{"items": […], "total": n}`, as the recipe for dlt has
it. Pages of 100 and 1,000 are encoded before the first request; connections are kept.
Ends with its standard input.
"""

import asyncio
import json
import re
import sys
import time

from benchmarks.child import answer, options
from caseferry.sandbox import Sandbox
from caseferry.sandbox.kore.render import LIST

SIZES = (100, 1000)
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: %s\r\n"
    b"Content-Length: %d\r\n\r\n"
)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_DATE = b"Mon, 02 Mar 2026 09:00:00 GMT"


def replies(count: int) -> dict[tuple[bytes, int, int], bytes]:
    """Encode every page once: by method, first record and size."""
    box = Sandbox(7)
    box.fill("kore", cases=count)
    rows = [box.kore.renderer.json(case, LIST) for case in box.kore.cases.values()]
    found: dict[tuple[bytes, int, int], bytes] = {}
    for size in SIZES:
        for start in range(0, count + 1, size):
            page = b",".join(rows[start : start + size])
            more = b"true" if start + size < count else b"false"
            kore = (
                b'{"results":[%s],"page":%d,"limit":%d,"hasMore":%s,'
                b'"totalPages":%d,"totalResults":%d}'
                % (page, start // size + 1, size, more, -(-count // size), count)
            )
            plain = b'{"items":[%s],"total":%d}' % (page, count)
            found[b"POST", start, size] = _HEAD % (_DATE, len(kore)) + kore
            found[b"GET", start, size] = _HEAD % (_DATE, len(plain)) + plain
    return found


async def serve(pages: dict[tuple[bytes, int, int], bytes], count: int) -> None:
    """Answer until standard input ends."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                match = _LENGTH.search(head)
                body = await reader.readexactly(int(match[1])) if match else b""
                writer.write(_reply(pages, head, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answer(url=f"http://127.0.0.1:{port}", records=count)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def _reply(
    pages: dict[tuple[bytes, int, int], bytes], head: bytes, body: bytes
) -> bytes:
    method, target, _ = head.split(b" ", 2)
    if target == b"/_sandbox/cpu":
        cpu = b'{"cpu":%f}' % time.process_time()
        return _HEAD % (_DATE, len(cpu)) + cpu
    if method == b"POST":
        asked = json.loads(body)
        return pages[method, asked["skip"], asked["limit"]]
    start = int(re.search(rb"offset=(\d+)", target)[1])  # type: ignore[index]
    size = int(re.search(rb"limit=(\d+)", target)[1])  # type: ignore[index]
    return pages[method, start, size]


if __name__ == "__main__":
    number = options()["records"]
    asyncio.run(serve(replies(number), number))
