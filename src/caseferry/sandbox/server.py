"""The sandbox behind uvicorn: blocking, or in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from caseferry.sandbox.asgi import ABORT_KEY, make_app
from caseferry.sandbox.box import Sandbox

_START_S: Final = 10.0
_POLL_S: Final = 0.005


class DroppableProtocol(HttpToolsProtocol):
    """Lets the application reset its connection."""

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
        RuntimeError: the server did not start.
    """
    server = make_server(box, port=port, latency_s=latency_s)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_bound_port(server, thread)}"
    finally:
        server.should_exit = True
        thread.join(_START_S)


def _bound_port(server: uvicorn.Server, thread: threading.Thread) -> int:
    waiting = threading.Event()
    for _ in range(int(_START_S / _POLL_S)):
        if server.started:
            port: int = server.servers[0].sockets[0].getsockname()[1]
            return port
        if not thread.is_alive():
            break
        waiting.wait(_POLL_S)
    raise RuntimeError("the sandbox server did not start")
