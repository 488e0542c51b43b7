"""A process that dies at a chosen moment."""

import httpx


class Crash(BaseException):
    """The process dies here."""


class CrashingTransport(httpx.BaseTransport):
    """Dies before or after the n-th request."""

    def __init__(self, inner: httpx.BaseTransport, at: int, when: str) -> None:
        self.inner, self.at, self.when, self.calls = inner, at, when, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.calls == self.at and self.when == "before":
            raise Crash
        response = self.inner.handle_request(request)
        if self.calls == self.at and self.when == "after":
            raise Crash
        return response
