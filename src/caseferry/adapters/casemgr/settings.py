"""Where the casemgr tenant is and how to treat it; plain values, secrets included."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class CasemgrSettings:
    """One partition of casemgr, as a client application sees it.

    Attributes:
        base_url: scheme and host of the API domain.
        tenant: the operator's name for it; not sent anywhere.
        token_url: of the OAuth2 client-credentials flow; from the tenant's metadata.
        scope: "" sends none.
        edit_as: in whose name activities are edited and completed.
        user_scope, user_token_url: of the on-behalf-of flow; "" is as the client's.
        language: `Accept-Language`; a tenant refuses what it does not know.
        activity_key_attribute, case_key_attribute: custom attributes that carry the
            correlation key.
        date_names: which names of the date filters `check` saw work; "" is not known.
        modified_filter, case_lookup: activities and cases may be asked for by the time
            of their last change; false where `check` saw that it gives something else.
        paths: overrides of single rows of `paths.PATHS`.
        requests_per_minute, requests_per_hour: None is no limit.
        sent_file: where it is kept when requests left, for later processes; "" is
            nowhere.
        patience_s: how long one request waits for a limit before giving up.
        limit_wait_s: how long to wait after a limit when the server does not say.
    """

    base_url: str
    tenant: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    edit_as: Literal["client", "assignee"] = "client"
    user_scope: str = ""
    user_token_url: str = ""
    language: str = "en-US"
    activity_key_attribute: str = "ext_key"
    case_key_attribute: str = "ext_key"
    date_names: Literal["", "date", "plain", "unsupported"] = ""
    modified_filter: bool = True
    case_lookup: bool = True
    paths: Mapping[str, str] = field(default_factory=lambda: _NONE)
    requests_per_minute: int | None = None
    requests_per_hour: int | None = None
    timeout_s: float = 30.0
    max_attempts: int = 6
    ca_file: str | None = None
    sent_file: str = ""
    patience_s: float = 7200.0
    limit_wait_s: float = 15.0
