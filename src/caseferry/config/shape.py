"""The keys of `caseferry.toml`, their types and their defaults; nothing else.

What a key means stands in the file that `caseferry init` writes.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from caseferry.config.words import (
    Address,
    Categories,
    Duration,
    FilledNames,
    Limit,
    Moment,
    Names,
    Rate,
    Text,
    Texts,
)

Positive = Annotated[int, Field(ge=1)]
Workers = Annotated[int, Field(ge=1, le=64)]


class Section(BaseModel):
    """A table of the file: unknown keys are problems, types are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class State(Section):
    """The state file."""

    path: Text = "caseferry.db"
    retention: Duration = 365 * 86400.0


class Kore(Section):
    """One Kore app."""

    base_url: Address
    stream_id: Text
    account_id: Text
    client_id: Text
    client_secret_command: Texts = ()
    subject: Text = "caseferry"
    jti: bool = False
    marker: Literal["desc", "name"] = "desc"
    requests_per_minute: Rate = 50
    requests_per_hour: Rate = 1700
    concurrency: Workers = 4
    visibility_lag: Duration = 120.0
    late_effect: Duration = 600.0


class Casemgr(Section):
    """One casemgr partition."""

    base_url: Address
    tenant: Text
    token_url: Address
    client_id: Text
    client_secret_command: Texts = ()
    scope: str = ""
    language: Text = "en-US"
    departments: Names
    activity_key_attribute: Text = "ext_key"
    case_key_attribute: Text = "ext_key"
    edit_as: Literal["client", "assignee"] = "client"
    user_scope: str = ""
    user_token_url: Address | None = None
    requests_per_minute: Rate
    concurrency: Workers = 8
    visibility_lag: Duration = 120.0
    late_effect: Duration = 600.0
    paths: dict[str, str] = Field(default_factory=dict)


class MappingFile(Section):
    """Where the mapping is."""

    path: Text = "mappings/kore-casemgr.toml"


class Http(Section):
    """How both systems are talked to."""

    timeout: Duration = 30.0
    max_attempts: Positive = 6
    ca_file: Text | None = None


class Scope(Section):
    """What takes part; what is not named takes no part, nothing named is everything."""

    created_after: Moment | None = None
    status: Categories = ()
    templates: FilledNames = ()


class Sync(Section):
    """Two-way sync."""

    create: Literal["both", "kore", "casemgr", "none"] = "both"
    overlap: Duration = 120.0
    full_scan_every: Duration = 86400.0


class SavedPlans(Section):
    """Plans that are kept in files."""

    max_age: Duration = 7 * 86400.0


class Guard(Section):
    """What a run may do without being asked again."""

    max_changes: Limit = 0.2
    max_creates: Limit = None
    max_not_seen: Limit = 0.1
    max_closed: Limit = None
    max_reopened: Limit = 20.0
    max_reprioritised: Limit = 0.2


class Log(Section):
    """Logging to stderr."""

    format: Literal["text", "json"] = "text"


class Metrics(Section):
    """A node exporter's file."""

    textfile: Text | None = None


class Health(Section):
    """A file that a monitor looks at."""

    file: Text | None = None


class Config(Section):
    """The whole file; paths are absolute."""

    state: State = State()
    kore: Kore
    casemgr: Casemgr
    mapping: MappingFile = MappingFile()
    http: Http = Http()
    scope: Scope = Scope()
    sync: Sync = Sync()
    plan: SavedPlans = SavedPlans()
    guard: Guard = Guard()
    log: Log = Log()
    metrics: Metrics = Metrics()
    health: Health = Health()
