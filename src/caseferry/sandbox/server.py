"""The sandbox behind uvicorn: blocking, or in a thread."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from caseferry.sandbox.asgi import ABORT_KEY, make_app
from caseferry.sandbox.box import Sandbox

_STOP_S: Final = 10.0


class DroppableProtocol(HttpToolsProtocol):
    """Lets the application reset its connection; sends what it has at once."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # asyncio does so only for sockets that were made with their protocol's number.
        # Without it a small body waits 40 ms until its headers are acknowledged.
        own = transport.get_extra_info("socket")
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, object] = self.scope  # type: ignore[assignment]
        scope[ABORT_KEY] = self.transport.abort


def make_server(
    box: Sandbox, *, host: str = "127.0.0.1", port: int = 0, latency_s: float = 0.0
) -> uvicorn.Server:
    """Return a uvicorn server that logs nothing; port 0 takes a free one."""
    config = uvicorn.Config(
        make_app(box, latency_s=latency_s),
        host=host,
        port=port,
        http=DroppableProtocol,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,  # the systems' own clocks answer
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def serve(
    box: Sandbox, *, host: str = "127.0.0.1", port: int = 0, latency_s: float = 0.0
) -> None:
    """Serve until interrupted; prints nothing."""
    make_server(box, host=host, port=port, latency_s=latency_s).run()


@contextmanager
def running(box: Sandbox, *, port: int = 0, latency_s: float = 0.0) -> Iterator[str]:
    """Serve in a thread on 127.0.0.1; yield the base URL without a trailing slash.

    Raises:
        OSError: the port is taken.
    """
    with socket.create_server(("127.0.0.1", port), backlog=2048) as listener:
        server = make_server(box, latency_s=latency_s)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_STOP_S)
