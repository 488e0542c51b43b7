"""Kore's door: the signed token, the stream and the account (K 7, 2.2)."""

import json
from typing import Any, Final

import jwt

from caseferry.sandbox import tenant
from caseferry.sandbox.kore.errors import refused
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.wire import Request

_JWS: Final = jwt.PyJWS()
_CREDENTIALS: Final = "Invalid SDK credentials"
_CODE: Final = 4002
_HOUR_S: Final = 3600


class Door:
    """Checks tokens; remembers seen signatures and used jtis."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, Any]] = {}
        self._jtis: set[str] = set()

    def check(
        self, request: Request, stream_id: str, now_ms: int, readings: Readings
    ) -> None:
        """Raise the refusal of a request that may not pass."""
        claims = self._claims(request.headers.get("auth", ""))
        if claims.get("appId") != tenant.KORE_CLIENT_ID or not claims.get("sub"):
            raise refused(401, _CREDENTIALS, _CODE)
        expiry = claims.get("exp")
        if expiry is not None and now_ms >= float(expiry) * 1000:
            raise refused(401, "Invalid JWT token", _CODE)
        if not readings.is_set("kore.jti", "ignored"):
            self._check_jti(
                claims, now_ms, enforced=readings.is_set("kore.jti", "enforced")
            )
        if stream_id != tenant.STREAM_ID:
            raise refused(401, _CREDENTIALS, _CODE)

    def _claims(self, token: str) -> dict[str, Any]:
        if not token:
            raise refused(401, _CREDENTIALS, _CODE)
        claims = self._seen.get(token)
        if claims is not None:
            return claims
        try:
            raw = _JWS.decode(token, tenant.KORE_CLIENT_SECRET, algorithms=["HS256"])
            claims = json.loads(raw)
        except jwt.InvalidSignatureError as error:
            raise refused(401, _CREDENTIALS, _CODE) from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise refused(401, "Invalid JWT token", _CODE) from error
        if not isinstance(claims, dict):
            raise refused(401, "Invalid JWT token", _CODE)
        if len(self._seen) > 1000:
            self._seen.clear()
        self._seen[token] = claims
        return claims

    def _check_jti(
        self, claims: dict[str, Any], now_ms: int, *, enforced: bool
    ) -> None:
        jti = claims.get("jti")
        if jti is None:
            if enforced:
                raise refused(401, 'error verifying the jwt: "jti" is required')
            return
        expiry = claims.get("exp")
        if expiry is None or float(expiry) * 1000 > now_ms + _HOUR_S * 1000:
            raise refused(
                401,
                'error verifying the jwt: if "jti" claim "exp" must be <= 1 hour(s)',
            )
        if jti in self._jtis:
            raise refused(401, "error verifying the jwt: possibly a replay")
        self._jtis.add(str(jti))


def check_account(request: Request, *, required: bool) -> None:
    """Refuse a wrong account id, and a missing one where it is required."""
    account = request.headers.get("accountid")
    if account is None and required:
        raise refused(412, "Validation errors/ Invalid arguments: accountId")
    if account is not None and account != tenant.ACCOUNT_ID:
        raise refused(401, _CREDENTIALS, _CODE)
