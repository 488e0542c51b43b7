"""The sandbox without sockets: an httpx transport in the same process."""

from collections.abc import Callable
from typing import Final

import httpx

from caseferry.sandbox.box import Sandbox
from caseferry.sandbox.wire import Delivery, Reply, Request

_NO_TIMEOUT_S: Final = 3600.0


def _no_wait(_seconds: float) -> None:
    """Do not wait: time in tests is virtual."""


class SandboxTransport(httpx.BaseTransport):
    """Calls the core directly; faults become the matching httpx exceptions.

    on_wait is told how long the client would have waited (slow replies, time-outs), so
    that a virtual clock can be advanced. Thread-safe.
    """

    def __init__(
        self, box: Sandbox, *, on_wait: Callable[[float], None] = _no_wait
    ) -> None:
        self._box = box
        self._on_wait = on_wait

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or raise what a broken connection raises."""
        url = request.url
        reply = self._box.handle(
            Request(
                method=request.method,
                path=url.path,
                query=url.query.decode("ascii"),
                headers=request.headers,
                body=request.read(),
            )
        )
        self._deliver(request, reply)
        headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
        return httpx.Response(reply.status, headers=headers, content=reply.body)

    def _deliver(self, request: httpx.Request, reply: Reply) -> None:
        timeout = request.extensions.get("timeout", {}).get("read") or _NO_TIMEOUT_S
        if reply.delivery is Delivery.REFUSE:
            raise httpx.ConnectError("Connection refused", request=request)
        if reply.delivery is Delivery.DROP:
            message = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(message, request=request)
        if reply.delivery is Delivery.TIMEOUT or reply.delay_s > timeout:
            self._on_wait(timeout)
            raise httpx.ReadTimeout("timed out", request=request)
        if reply.delay_s:
            self._on_wait(reply.delay_s)
