"""Access tokens by OAuth2 client credentials: one for all threads, renewed in time."""

import threading
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import httpx
from pydantic import BaseModel, BeforeValidator, StringConstraints, TypeAdapter

from caseferry.adapters.exchange import Call, Failure, Kind, Reply, Unusable
from caseferry.adapters.http import Wire
from caseferry.adapters.json_text import read_shape
from caseferry.adapters.redact import shorten
from caseferry.adapters.retry import Retrier
from caseferry.adapters.translate import Translator, error_text
from caseferry.errors import AuthFailed, CaseSystemError, Unreachable
from caseferry.ports import Clock

_RENEW_AT = 0.8  # of a token's life; the rest is for requests on their way
_UNSTATED_LIFE_S = 300.0
_HINT = "check casemgr.token_url, client_id, the secret and scope"


def _seconds(value: Any) -> float:  # noqa: ANN401 - whatever the server sends
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        return _UNSTATED_LIFE_S


class Grant(BaseModel):
    """What the token endpoint answers; its life in seconds may be a text."""

    access_token: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    expires_in: Annotated[float, BeforeValidator(_seconds)] = _UNSTATED_LIFE_S


_GRANT = TypeAdapter(Grant)


class TokenCredentials:
    """Implements `session.Credentials` with bearer tokens.

    Nothing the caller wanted was executed when this fails: lost replies of the token
    endpoint are `Unreachable`, refusals `AuthFailed`.
    """

    def __init__(
        self,
        *,
        wire: Wire,
        path: str,
        form: dict[str, str],
        fixed: dict[str, str],
        retrier: Retrier,
        clock: Clock,
    ) -> None:
        self._wire = wire
        self._call = Call(
            operation="token",
            method="POST",
            target=path,
            content=urlencode(form).encode(),
            listing=True,
        )
        self._fixed = fixed
        self._retrier = retrier
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[dict[str, str], float] | None = None
        self._translator = Translator(
            "casemgr",
            default_wait_s=5.0,
            scope_401=False,
            stale=frozenset(),
            scope_hint=_HINT,
        )

    def headers(self) -> dict[str, str]:
        """Give the headers of one attempt; fetches a token when the last is old."""
        held = self._held
        if held is not None and self._clock.monotonic() < held[1]:
            return held[0]
        with self._lock:  # one fetches, the others find it done
            held = self._held
            if held is None or self._clock.monotonic() >= held[1]:
                held = self._held = self._fetch()
            return held[0]

    def refused(self, headers: dict[str, str], server_time: object) -> None:  # noqa: ARG002 - the protocol's
        """Forget the token that was refused, unless another one is held already."""
        with self._lock:
            if self._held is not None and self._held[0] is headers:
                self._held = None

    def close(self) -> None:
        """Close the connections to the token endpoint."""
        self._wire.close()

    def _fetch(self) -> tuple[dict[str, str], float]:
        asked = self._clock.monotonic()
        grant = self._retrier.run(lambda _: self._attempt(), may_repeat=True)
        headers = self._fixed | {"Authorization": f"Bearer {grant.access_token}"}
        return headers, asked + grant.expires_in * _RENEW_AT

    def _attempt(self) -> Grant:
        try:
            reply = self._wire.send(
                self._call, {"Content-Type": "application/x-www-form-urlencoded"}
            )
            if reply.status == 200:  # noqa: PLR2004 - what the standard says
                return read_shape(_GRANT, reply.body)
        except httpx.TransportError as error:
            failure = self._translator.transport(
                self._call, error, self._wire.timeout_s
            )
            raise _unsent(failure) from error
        except Unusable as why:
            failure = self._translator.unusable(self._call, Reply(200, b"", {}), why)
            raise _unsent(failure) from None
        raise self._refusal(reply)

    def _refusal(self, reply: Reply) -> Failure:
        failure = self._translator.answer(self._call, reply)
        if failure.kind in {Kind.LIMITED, Kind.LOST}:
            return _unsent(failure)
        text, code = error_text(reply.body)
        words = shorten(f"{code} {text}" if code not in text else text)
        error: CaseSystemError = AuthFailed(
            f"casemgr gave no token ({reply.status}): {words}", hint=_HINT
        )
        error.system, error.http_status = "casemgr", reply.status
        return Failure(Kind.FINAL, error)


def _unsent(failure: Failure) -> Failure:
    """Turn a lost reply into what it means to a caller: its request never left."""
    if failure.kind is not Kind.LOST or isinstance(failure.error, Unreachable):
        return failure
    error = Unreachable(f"no token: {failure.error.message}", hint=_HINT)
    error.system, error.http_status = "casemgr", failure.error.http_status
    return Failure(Kind.LOST, error)


def token_target(url: str) -> tuple[str, str]:
    """Split a token URL into its origin and the path with query."""
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{parts.scheme}://{parts.netloc}", path + (
        f"?{parts.query}" if parts.query else ""
    )
