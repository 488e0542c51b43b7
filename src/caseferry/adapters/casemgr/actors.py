"""Tokens on behalf of users: for tenants where only an assignee edits and completes."""

import threading
from collections.abc import Callable

from caseferry.adapters.casemgr.token import TokenCredentials
from caseferry.adapters.http import Wire
from caseferry.errors import AuthFailed, CaseSystemError, Forbidden, Scope
from caseferry.ports import Clock

_REFUSED_FOR_S = 300.0
"""How long a refusal is believed: who asks again and again gets an account locked."""

_ONE_USER = "invalid_grant"
_ASK = (
    "ask the casemgr administrator to allow this client application the on-behalf-of"
    " flow (grant type password) with a user scope that manages cases, such as"
    " core.casemgr.manage, and name that in [casemgr] user_scope"
)
_ASK_FOR_USER = (
    "ask the casemgr administrator whether this user exists and is enabled, or give"
    " the activity to another"
)


def actor_form(form: dict[str, str], actor: str, scope: str) -> dict[str, str]:
    """Spell the token request on behalf of a user.

    Args:
        form: the client application's own request.
        actor: a login, or the id of the user where records show no login.
        scope: "" sends none.
    """
    name = "subject_userid" if actor.isdecimal() else "subject_username"
    asked = form | {"grant_type": "password", name: actor}
    return asked | ({"scope": scope} if scope else {})


class Actors:
    """One set of credentials per user; safe to use from several threads."""

    def __init__(
        self, wire: Wire, build: Callable[[str], TokenCredentials], clock: Clock
    ) -> None:
        """Take the way to the token endpoint, and what builds a user's credentials."""
        self._wire = wire
        self._build = build
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, ActorCredentials] = {}

    def of(self, actor: str) -> "ActorCredentials":
        """Give the credentials of a user, the same ones each time."""
        with self._lock:
            held = self._held.get(actor)
            if held is None:
                held = ActorCredentials(self._build(actor), actor, self._clock)
                self._held[actor] = held
            return held

    def close(self) -> None:
        """Close the connections to the token endpoint."""
        self._wire.close()


class ActorCredentials:
    """Implements `session.Credentials` in the name of one user."""

    def __init__(self, tokens: TokenCredentials, actor: str, clock: Clock) -> None:
        self._tokens = tokens
        self._actor = actor
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: tuple[AuthFailed, float] | None = None

    def headers(self) -> dict[str, str]:
        """Give the headers of one attempt.

        Raises:
            AuthFailed: no token is given on behalf of anybody.
            Forbidden: none on behalf of this user, whose records alone it concerns.
                Either is believed for a while.
        """
        with self._lock:  # a user is asked for once, by whichever thread comes first
            if self._failed and self._clock.monotonic() < self._failed[1]:
                raise self._refusal(self._failed[0])
            try:
                return self._tokens.headers()
            except AuthFailed as error:
                self._failed = error, self._clock.monotonic() + _REFUSED_FOR_S
                raise self._refusal(error) from error

    def refused(self, headers: dict[str, str], server_time: object) -> None:
        """Forget the token that was refused."""
        self._tokens.refused(headers, server_time)

    def _refusal(self, error: AuthFailed) -> CaseSystemError:
        is_of_user = _ONE_USER in error.message
        words = error.message.replace(
            "no token", f"no token on behalf of the assignee {self._actor}", 1
        )
        ask = _ASK_FOR_USER if is_of_user else _ASK
        refusal: CaseSystemError
        if is_of_user:
            refusal = Forbidden(f"{words}; {ask}", hint=ask, code="forbidden-assignee")
            refusal.scope = Scope.RECORD
        else:
            refusal = AuthFailed(f"{words}; {ask}", hint=ask)
        refusal.system, refusal.http_status = error.system, error.http_status
        return refusal
