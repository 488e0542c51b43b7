"""The sandbox as an ASGI application, without a framework in the way.

A bare callable: the sandbox must not be what a client benchmark measures.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol, TypeAlias

from caseferry.sandbox.wire import Delivery, Reply, Request

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

ABORT_KEY: Final = "caseferry.sandbox.abort"  # set by our protocol (serve.py)
_HANG_S: Final = 300.0


class Handler(Protocol):
    """What answers requests: a Sandbox."""

    def handle(self, request: Request) -> Reply: ...


def make_app(box: Handler, *, latency_s: float = 0.0) -> App:
    """Return the application; latency_s is split around the work."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body = await _body(receive)
        control = scope["path"].startswith("/_sandbox/")
        if latency_s and not control:
            await asyncio.sleep(latency_s / 2)
        reply = box.handle(_request(scope, body))
        if latency_s and not control:
            await asyncio.sleep(latency_s / 2)
        await _deliver(reply, scope, receive, send)

    return app


def _request(scope: Scope, body: bytes) -> Request:
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
        },
        body=body,
    )


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _deliver(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    if reply.delivery in (Delivery.DROP, Delivery.REFUSE):
        await _drop(scope)
        return
    if reply.delivery is Delivery.TIMEOUT:
        await _until_gone(receive, _HANG_S)
        await _drop(scope)
        return
    if reply.delay_s:
        await asyncio.sleep(reply.delay_s)
    length = (b"content-length", str(len(reply.body)).encode())
    headers = [(n.lower().encode(), v.encode("latin-1")) for n, v in reply.headers]
    if reply.status != 204:
        headers.append(length)
    await send(
        {"type": "http.response.start", "status": reply.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": reply.body})


async def _until_gone(receive: Receive, limit_s: float) -> None:
    """Wait until the client hangs up, for limit_s at most."""
    try:
        async with asyncio.timeout(limit_s):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def _drop(scope: Scope) -> None:
    abort = scope.get(ABORT_KEY)
    if abort is not None:
        abort()
        await asyncio.sleep(0.01)  # lets the server notice the lost connection


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
