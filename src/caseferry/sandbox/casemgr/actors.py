"""Tokens: who asks, and with which scopes (C 1.3, 7)."""

import base64
import binascii
from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import parse_qsl, unquote

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.errors import refused
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.wire import RefusedError, Reply, Request, json_reply

_MANAGERS: Final = ("core.casemgr.", "core.customermgr.")
_STRICT_SCOPES: Final = {
    "client_credentials": ("/auth/.default", *_MANAGERS),
    "password": _MANAGERS,  # delegated scopes are named one by one
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: kind is client or user; managers they may read or write."""

    kind: str
    user_id: str
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Token:
    actor: Actor
    expires_ms: int


_GRANTS: Final = {
    "manage": ("casemgr.read", "casemgr.manage", "customermgr.read",
               "customermgr.manage"),
    "read": ("casemgr.read", "customermgr.read"),
    "case_only": ("casemgr.read", "casemgr.manage"),
}  # fmt: skip


class Tokens:
    """Issues and checks bearer tokens."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(f"{seed}:casemgr:tokens")
        self._issued: dict[str, _Token] = {}

    def issue(self, request: Request, now_ms: int, readings: Readings) -> Reply:
        """Answer a token request (client credentials, on behalf of a user)."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        client_id, secret = _credentials(form, request)
        known = (tenant.CASEMGR_CLIENT_ID, tenant.CASEMGR_CLIENT_SECRET)
        if (client_id, secret) != known:
            raise _oauth_error(401, "invalid_client")
        scope = form.get("scope", "")
        strict = readings.is_set("casemgr.scope_check", "strict")
        known_scopes = _STRICT_SCOPES.get(form.get("grant_type", ""), _MANAGERS)
        if not scope or (strict and not any(s in scope for s in known_scopes)):
            raise _oauth_error(400, "invalid_scope")
        life_s = readings.number("casemgr.token_life_s")
        granted = frozenset(_GRANTS[readings.text("casemgr.granted")])
        actor = _actor(form, granted, readings)
        token = f"sbx.{self._rng.getrandbits(160):040x}"
        self._issued[token] = _Token(actor, now_ms + int(life_s * 1000))
        body = {"access_token": token, "token_type": "Bearer",
                "expires_in": int(life_s), "scope": scope}  # fmt: skip
        return json_reply(200, body)

    def actor(self, request: Request, now_ms: int) -> Actor:
        """Return who asks.

        Raises:
            RefusedError: 401-104 without a token, 401-101 for an unknown or old one.
        """
        header = request.headers.get("authorization", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise refused("401-104", "Access token is missing.")
        issued = self._issued.get(token.strip())
        if issued is None or issued.expires_ms <= now_ms:
            raise refused("401-101", "Access token is invalid or has expired.")
        return issued.actor


def _credentials(form: dict[str, str], request: Request) -> tuple[str, str]:
    header = request.headers.get("authorization", "")
    if header.lower().startswith("basic "):
        try:
            text = base64.b64decode(header[6:]).decode()
        except (binascii.Error, UnicodeDecodeError):
            text = ""
        client_id, _, secret = text.partition(":")
        return unquote(client_id), unquote(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _actor(form: dict[str, str], granted: frozenset[str], readings: Readings) -> Actor:
    grant = form.get("grant_type")
    if grant == "client_credentials":
        return Actor("client", tenant.API_CLIENT_USER.id, granted)
    if grant != "password" or readings.is_set("casemgr.on_behalf_of", "refused"):
        raise _oauth_error(400, "unsupported_grant_type")
    for user in tenant.USERS:
        if user.name == form.get("subject_username"):
            return Actor("user", user.id, granted)
        if user.id == form.get("subject_userid"):
            return Actor("user", user.id, granted)
    raise _oauth_error(400, "invalid_grant")


def _oauth_error(status: int, error: str) -> RefusedError:
    return RefusedError(json_reply(status, {"error": error}))
