"""Credentials of the client application, and of users it acts on behalf of."""

import httpx

from caseferry.adapters.casemgr.actors import Actors, actor_form
from caseferry.adapters.casemgr.settings import CasemgrSettings
from caseferry.adapters.casemgr.token import TokenCredentials, token_target
from caseferry.adapters.exchange import Waiting
from caseferry.adapters.http import Wire, normalise_base_url
from caseferry.adapters.limiter import Limiter
from caseferry.adapters.retry import Retrier, RetryRules
from caseferry.ports import Clock


def build_credentials(
    settings: CasemgrSettings,
    clock: Clock,
    *,
    transport: httpx.BaseTransport | None = None,
    waiting: Waiting | None = None,
) -> tuple[TokenCredentials, Actors]:
    """Put both together; opens no connection.

    Raises:
        ConfigError: a token URL or the CA file cannot be used.
    """
    build = _Builder(settings, clock, transport, waiting)
    clients = users = build.endpoint(settings.token_url, "token_url")
    if settings.user_token_url:
        users = build.endpoint(settings.user_token_url, "user_token_url")
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    own = form | ({"scope": settings.scope} if settings.scope else {})
    user_scope = settings.user_scope or settings.scope
    actors = Actors(
        users[0],
        lambda actor: build.tokens(users, actor_form(form, actor, user_scope)),
        clock,
    )
    return build.tokens(clients, own), actors


class _Builder:
    """Knows what all credentials of one tenant share."""

    def __init__(
        self,
        settings: CasemgrSettings,
        clock: Clock,
        transport: httpx.BaseTransport | None,
        waiting: Waiting | None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._transport = transport
        limiter = Limiter("casemgr token", clock=clock, waiting=waiting)
        rules = RetryRules(max_attempts=settings.max_attempts, patience_s=60.0)

        def limited(seconds: float) -> None:
            limiter.hold(seconds)
            limiter.acquire()  # nothing else waits before a token is asked for

        self._retrier = Retrier(rules, clock=clock, limited=limited, waiting=waiting)

    def endpoint(self, url: str, name: str) -> tuple[Wire, str]:
        """Give the way to a token endpoint, and its path."""
        origin, path = token_target(url)
        wire = Wire(
            normalise_base_url(origin, f"casemgr.{name}"),
            clock=self._clock,
            timeout_s=self._settings.timeout_s,
            ca_file=self._settings.ca_file,
            transport=self._transport,
        )
        return wire, path

    def tokens(self, at: tuple[Wire, str], form: dict[str, str]) -> TokenCredentials:
        """Give credentials that ask there, with this form."""
        return TokenCredentials(
            wire=at[0],
            path=at[1],
            form=form,
            fixed={
                "Accept-Language": self._settings.language,
                "Content-Type": "application/json",
            },
            retrier=self._retrier,
            clock=self._clock,
        )
