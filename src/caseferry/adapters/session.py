"""A conversation with one system: limit, authorise, send, judge, send again."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

import httpx

from caseferry.adapters.counter import Counter
from caseferry.adapters.exchange import Call, Failure, Kind, Reply, Unusable
from caseferry.adapters.http import Wire
from caseferry.adapters.limiter import Limiter
from caseferry.adapters.retry import Retrier
from caseferry.adapters.translate import Translator, parse_http_date

T = TypeVar("T")

_log = logging.getLogger("caseferry.http")


class Credentials(Protocol):
    """How requests are authorised."""

    def headers(self) -> dict[str, str]:
        """Give the headers of one attempt."""

    def refused(self, headers: dict[str, str], server_time: datetime | None) -> None:
        """Learn that the server refused an attempt with these headers."""


class Session:
    """Sends calls of one system; safe to use from several threads."""

    def __init__(
        self,
        *,
        wire: Wire,
        limiter: Limiter,
        retrier: Retrier,
        translator: Translator,
        credentials: Credentials,
        counter: Counter,
    ) -> None:
        self.wire = wire
        self.counter = counter
        self.translator = translator
        self._limiter = limiter
        self._retrier = retrier
        self._credentials = credentials
        self._date = ""
        self._newest: datetime | None = None

    def call(
        self,
        call: Call,
        parse: Callable[[Reply], T],
        credentials: Credentials | None = None,
    ) -> T:
        """Send a call until it is answered, and give what `parse` made of it.

        Sent with the session's own credentials unless others are given.
        `parse` raises `Unusable` for a body that makes no sense: a read is then sent
        again, a write is in doubt.
        """

        def attempt(again: bool) -> T:  # noqa: FBT001 - the retrier's own signature
            return self._attempt(call, parse, credentials, again=again)

        return self._retrier.run(attempt, may_repeat=not call.write)

    def server_time(self) -> datetime | None:
        """Give the newest `Date` a reply carried; None before the first."""
        return self._newest

    def _attempt(
        self,
        call: Call,
        parse: Callable[[Reply], T],
        given: Credentials | None,
        *,
        again: bool,
    ) -> T:
        credentials = given or self._credentials
        self._limiter.acquire()
        headers = credentials.headers()
        self.counter.count_sent(call.operation, again=again)
        try:
            result = self._exchange(call, headers, parse)
        except Failure as failure:
            if failure.kind is Kind.UNAUTHORISED:
                credentials.refused(headers, self._newest)
            self._note(call, failure)
            raise
        self.counter.count_outcome("ok")
        return result

    def _exchange(
        self, call: Call, headers: dict[str, str], parse: Callable[[Reply], T]
    ) -> T:
        try:
            reply = self.wire.send(call, headers)
        except httpx.TransportError as error:
            raise self.translator.transport(call, error, self.wire.timeout_s) from error
        except Unusable as why:
            raise self.translator.unusable(call, Reply(200, b"", {}), why) from None
        self._note_date(reply.headers.get("date", ""))
        if not 200 <= reply.status < 300:  # noqa: PLR2004 - the class of successes
            raise self.translator.answer(call, reply)
        try:
            return parse(reply)
        except Unusable as why:
            raise self.translator.unusable(call, reply, why) from None

    def _note_date(self, text: str) -> None:
        if text == self._date:
            return
        self._date = text
        moment = parse_http_date(text)
        if moment and (self._newest is None or moment > self._newest):
            self._newest = moment

    def _note(self, call: Call, failure: Failure) -> None:
        error = failure.error
        self.counter.count_outcome(error.code)
        _log.debug(
            "request.failed",
            extra={
                "system": self.translator.system,
                "operation": call.operation,
                "code": error.code,
                "http_status": error.http_status,
            },
        )
