"""Where the Kore tenant is and how to treat it; plain values, secrets included."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from caseferry.model.record import Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class KoreSettings:
    """One Kore app.

    Attributes:
        base_url: scheme and host, with or without a trailing slash.
        client_id: the JWT app's, sent as claim `appId`.
        subject: claim `sub`; any text.
        jti: send a fresh `jti` with every attempt; needed where the app enforces it.
        requests_per_minute, requests_per_hour: None is no limit.
        page_size: asked for; the server may give fewer.
        nested_contact: createCase carries e-mail and phone inside `userInfo` too.
        marker: the text that carries our key from the create on.
        ids: what was configured because no record shows it: by `status`, `priority`
            or `field`, then by name.
        sort: the `sortBy` that is proved to give the newest created records first.
        changed_sorts: those that are proved to give the last changed records first.
        unresolved: whose filter for unresolved records is proved honest.
        appends: an update is known to add its arrays to those that are there.
        sent_file: where it is kept when requests left, for later processes; "" is
            nowhere.
        patience_s: how long one request waits for a limit before giving up.
        limit_wait_s: how long to wait after a limit when the server does not say.
    """

    base_url: str
    stream_id: str
    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    subject: str = "caseferry"
    jti: bool = False
    requests_per_minute: int | None = 50
    requests_per_hour: int | None = 1700
    timeout_s: float = 30.0
    max_attempts: int = 6
    ca_file: str | None = None
    page_size: int = 100
    nested_contact: bool = True
    marker: Literal["desc", "name"] = "desc"
    ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sort: str | Mapping[str, str] | None = None
    changed_sorts: Mapping[Entity, str | Mapping[str, str]] = field(
        default_factory=dict
    )
    unresolved: frozenset[Entity] = frozenset()
    appends: bool = False
    sent_file: str = ""
    patience_s: float = 7200.0
    limit_wait_s: float = 60.0
