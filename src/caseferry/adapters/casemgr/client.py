"""casemgr's and customermgr's operations as methods; no paging, no judgement."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import httpx

from caseferry.adapters.casemgr.actors import Actors
from caseferry.adapters.casemgr.credentials import build_credentials
from caseferry.adapters.casemgr.paths import Paths, query
from caseferry.adapters.casemgr.payload import created_id, rows_of
from caseferry.adapters.casemgr.settings import CasemgrSettings
from caseferry.adapters.casemgr.token import TokenCredentials
from caseferry.adapters.counter import Counter
from caseferry.adapters.exchange import Call, Reply, Waiting
from caseferry.adapters.http import Wire, normalise_base_url
from caseferry.adapters.json_text import read_json, write_json
from caseferry.adapters.limiter import Limiter
from caseferry.adapters.retry import Retrier, RetryRules
from caseferry.adapters.sent import Sent
from caseferry.adapters.session import Session
from caseferry.adapters.translate import Translator
from caseferry.model.record import Key
from caseferry.ports import Clock

T = TypeVar("T")

Rows = tuple[list[dict[str, Any]], int | None]
"""Rows of a listing, and the page size the server applied where it says."""


class CasemgrClient:
    """The operations; safe to use from several threads."""

    def __init__(
        self,
        session: Session,
        credentials: TokenCredentials,
        paths: Paths,
        *,
        actors: Actors,
    ) -> None:
        self.session = session
        self.credentials = credentials
        self.paths = paths
        self.actors = actors

    @classmethod
    def build(
        cls,
        settings: CasemgrSettings,
        *,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
        waiting: Waiting | None = None,
    ) -> "CasemgrClient":
        """Put a client together; opens no connection.

        Raises:
            ConfigError: a URL, a path's name or the CA file cannot be used.
        """
        counter = Counter()
        limiter = Limiter(
            "casemgr",
            clock=clock,
            per_minute=settings.requests_per_minute,
            per_hour=settings.requests_per_hour,
            waiting=waiting,
            waited=counter.count_wait,
        )
        if settings.sent_file:
            limiter.keep_in(Sent(settings.sent_file, now=clock.now))
        rules = RetryRules(
            max_attempts=settings.max_attempts, patience_s=settings.patience_s
        )
        retrier = Retrier(rules, clock=clock, limited=limiter.hold, waiting=waiting)
        credentials, actors = build_credentials(
            settings, clock, transport=transport, waiting=waiting
        )
        base_url = normalise_base_url(settings.base_url, "casemgr.base_url")
        paths = Paths(settings.paths)
        session = Session(
            # Who copies a whole endpoint into the configuration means its host.
            wire=_wire(
                base_url.removesuffix(paths.table["casemgr"]),
                settings,
                clock,
                transport,
            ),
            limiter=limiter,
            retrier=retrier,
            translator=_translator(settings),
            credentials=credentials,
            counter=counter,
        )
        return cls(session, credentials, paths, actors=actors)

    @property
    def counter(self) -> Counter:
        """What was sent so far; requests for tokens are not counted."""
        return self.session.counter

    def close(self) -> None:
        """Close the connections."""
        self.session.wire.close()
        self.credentials.close()
        self.actors.close()

    def server_time(self) -> datetime | None:
        """Give the newest `Date` a reply carried; None before the first reply."""
        return self.session.server_time()

    def target(self, path: str, *pairs: tuple[str, str], ids: str = "") -> str:
        """Spell path and query of a read."""
        return self.paths.target(path, ids, query(*pairs))

    def rows(self, path: str, name: str, *pairs: tuple[str, str]) -> Rows:
        """Read one page of a listing: `GET` a path of the table."""
        target = self.paths.target(path, query=query(*pairs))
        call = Call(operation=path, method="GET", target=target, listing=True)
        return self.session.call(call, lambda reply: rows_of(reply, name))

    def rows_by_id(self, path: str, name: str, ids: str) -> Rows:
        """Read the objects with these ids, joined by commas, with all attributes."""
        target = self.paths.target(path, ids, query(("$attribute", "all")))
        call = Call(operation=path, method="GET", target=target)
        return self.session.call(call, lambda reply: rows_of(reply, name))

    def look_up_cases(self, body: Mapping[str, str], *pairs: tuple[str, str]) -> Rows:
        """Read one page of `case/lookup`, which alone searches cases by date."""
        call = Call(
            operation="case_lookup",
            method="POST",
            target=self.paths.target("case_lookup", query=query(*pairs)),
            content=write_json(body),
            listing=True,
        )
        return self.session.call(call, lambda reply: rows_of(reply, "case"))

    def notes(self, path: str, local_id: str, *pairs: tuple[str, str]) -> Rows:
        """Read the notes on an activity or case."""
        target = self.paths.target(path, local_id, query(*pairs))
        call = Call(operation=path, method="GET", target=target)
        return self.session.call(call, lambda reply: rows_of(reply, "note"))

    def attributes(self, path: str, name: str) -> list[dict[str, Any]]:
        """Read the metadata of an entity; empty when nothing is configured."""
        target = self.paths.target(path, query=query(("$attribute", "custom")))
        call = Call(operation=path, method="GET", target=target, listing=True)
        rows, _ = self.session.call(call, lambda reply: rows_of(reply, name))
        return rows

    def create(
        self,
        path: str,
        kind: str,
        body: Mapping[str, Any],
        *pairs: tuple[str, str],
    ) -> str | None:
        """Create something and give its id; None when the reply does not tell."""
        return self.write(
            "POST", path, body, parse=lambda r: created_id(r, kind), pairs=pairs
        )

    def write(  # noqa: PLR0913 - each is one part of a request
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        parse: Callable[[Reply], T],
        ids: str = "",
        key: Key | None = None,
        pairs: tuple[tuple[str, str], ...] = (),
        actor: str = "",
    ) -> T:
        """Send one write, once, on behalf of a user where one is named."""
        call = Call(
            operation=path,
            method=method,
            target=self.paths.target(path, ids, query(*pairs)),
            content=b"" if body is None else write_json(body),
            write=True,
            key=key,
        )
        credentials = self.actors.of(actor) if actor else None
        return self.session.call(call, parse, credentials)


def is_done(reply: Reply) -> None:
    """Accept an empty reply or one of JSON: a page of HTML came from somebody else.

    Raises:
        Unusable: the body is not JSON.
    """
    if reply.body.strip():
        read_json(reply.body)


def _wire(
    url: str,
    settings: CasemgrSettings,
    clock: Clock,
    transport: httpx.BaseTransport | None,
) -> Wire:
    return Wire(
        url,
        clock=clock,
        timeout_s=settings.timeout_s,
        ca_file=settings.ca_file,
        transport=transport,
    )


def _translator(settings: CasemgrSettings) -> Translator:
    return Translator(
        "casemgr",
        default_wait_s=settings.limit_wait_s,
        scope_401=False,
        stale=frozenset({409, 412}),
        scope_hint="grant the client application the scope or action named in the"
        " message, then run `caseferry check`",
    )
