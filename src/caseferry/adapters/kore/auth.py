"""The self-signed token that every Kore request carries: one per attempt."""

import secrets
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm

from caseferry.adapters.json_text import write_json
from caseferry.adapters.kore.settings import KoreSettings

LIFETIME_S = 300
_SKEW_S = 30.0  # a Date header is whole seconds, and took time to arrive


class _AnyKey(HMACAlgorithm):
    """HS256 with the key that Kore issued, however short: it is not ours to choose."""

    def check_key_length(self, key: bytes) -> str | None:  # noqa: ARG002 - overrides
        return None


class KoreCredentials:
    """Mints tokens; implements `session.Credentials`.

    Source: the token-generation steps of the vendor's API introduction: HS256, claims
    `appId` and `sub`; with `jti`, `exp` may be at most an hour ahead and a token is
    good for one request.
    """

    def __init__(self, settings: KoreSettings, *, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._offset_s = 0.0
        self._held: tuple[int, dict[str, str]] = (0, {})
        self._jws = PyJWS()
        self._jws.unregister_algorithm("HS256")
        self._jws.register_algorithm("HS256", _AnyKey(HMACAlgorithm.SHA256))
        self._fixed = {
            "accountId": settings.account_id,
            "Iid": settings.stream_id,
            "Content-Type": "application/json",
        }

    def headers(self) -> dict[str, str]:
        """Give the headers of one attempt; with `jti`, its token is used once only."""
        issued = int(self._now().timestamp() + self._offset_s)
        if self._settings.jti:
            jti = str(UUID(bytes=secrets.token_bytes(16), version=4))
            return self._fixed | {"auth": self._token(issued, {"jti": jti})}
        held = self._held
        if held[0] != issued:  # the same claims give the same token
            held = (issued, self._fixed | {"auth": self._token(issued, {})})
            self._held = held
        return held[1]

    def refused(self, headers: dict[str, str], server_time: datetime | None) -> None:  # noqa: ARG002 - the protocol's
        """Learn how wrong our clock is, for the one other attempt."""
        if server_time is not None:
            offset_s = (server_time - self._now()).total_seconds()
            self._offset_s = offset_s if abs(offset_s) > _SKEW_S else 0.0

    def _token(self, issued: int, more: dict[str, str]) -> str:
        claims = {
            "appId": self._settings.client_id,
            "sub": self._settings.subject,
            "iat": issued,
            "exp": issued + LIFETIME_S,
        }
        return self._jws.encode(
            write_json(claims | more), self._settings.client_secret, algorithm="HS256"
        )
