"""The format of a saved plan: JSON Lines; a header, one action a line, a seal.

What was planned stands inside the digest; who made the file, when and with what
version stands outside: the same inputs give the same digest.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from caseferry.model.action import ActionKind
from caseferry.model.times import parse_time

SCHEMA: Literal["caseferry-plan/1"] = "caseferry-plan/1"


def _a_time(text: str) -> str:
    parse_time(text)
    return text


class _Part(BaseModel):
    """A part of the file; nothing that is not named here may stand in it."""

    # Built when first used: most commands use none of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Redacted(_Part):
    """Stands for a value: a keyed fingerprint, made with the state's own key."""

    redacted: str


Shown = str | tuple[str, ...] | Redacted
"""A field's canonical value as the file shows it."""


class Change(_Part):
    """One field of the target, before and after; null is absent.

    Attributes:
        source: the source's own value, where it is spelled otherwise than `after`.
    """

    name: str
    before: Shown | None = None
    after: Shown | None = None
    source: Shown | None = None


class Lost(_Part):
    """Something that cannot be carried: the rule's name, and the source's field."""

    rule: str
    field: str


class Cost(_Part):
    """Requests that an action sends; completions go 75 at a time and cost a share."""

    kore: float = 0
    casemgr: float = 0


class Needs(_Part):
    """What has to be so at the moment of the write.

    Attributes:
        source: fingerprint of what the mapping makes of the source record.
        target: fingerprint of the counterpart's mapped fields, status and case; ""
            where there was none.
    """

    source: str
    target: str = ""


class ActionLine(_Part):
    """One action.

    Attributes:
        order: from 1, in the order of the file.
        case: the source case whose group it belongs to.
        key: the source record.
        name: the number that people see, or "".
        stage: when its request leaves inside the group; null where it sends none.
        generation: of an opener.
        lands: of a create: where it lands and for whom, by name.
        note: the text of a note.
    """

    line: Literal["action"]
    order: int
    case: str
    kind: ActionKind
    role: Literal["case", "task", "opener"]
    key: str
    name: str = ""
    counterpart: str | None = None
    stage: int | None = None
    generation: int = 0
    department: str = ""
    changes: tuple[Change, ...] = ()
    lands: dict[str, Shown] = Field(default_factory=dict)
    note: Shown | None = None
    code: str = ""
    reason: str = ""
    losses: tuple[Lost, ...] = ()
    cost: Cost = Cost()
    needs: Needs


class Pair(_Part):
    """The two tenants that a plan is for."""

    kore_account: str
    kore_stream: str
    casemgr_tenant: str


class GuardFigure(_Part):
    """A guard with its figure.

    Attributes:
        name: as `--allow` takes it.
        figure: what the plan holds.
        limit: a number or a share like `20%`; null is off.
        refuses: nothing may be written unless it is allowed by name.
        allowed: it would refuse, and was allowed by name.
    """

    name: str
    figure: int
    limit: str | None
    refuses: bool
    allowed: bool = False
    words: str = ""


class Made(_Part):
    """Who made the file, when and with what; outside the digest."""

    created: Annotated[str, AfterValidator(_a_time)]
    version: str
    host: str = ""
    user: str = ""


class Scope(_Part):
    """What the plan was asked to hold: all, or only some cases."""

    only: tuple[str, ...] = ()
    limit: int | None = None


class Header(_Part):
    """What the plan is for, what it comes to, and what it needs.

    Attributes:
        direction: `kore-to-casemgr`, `casemgr-to-kore` or `two-way`.
        mapping, policy, configuration: digests of the mapping, of guards, limits and
            scope, and of what else in the configuration bears on writing.
        inputs: per system a fingerprint of all records read; "" where it was not read
            whole.
        read: per system and entity, how many records were read.
        actions: as in the JSON output.
        losses: by rule; accepted: what the mapping accepts, a number or `any`.
        stays_behind: what is not carried, by name.
        requests: per system: `reading` and `writing`.
        duration_s: at the configured rates, reading again included.
        redacted: values are hidden; redacted_by: what tells the key from another.
        lines: how many action lines follow.
    """

    line: Literal["header"]
    schema_: Annotated[Literal["caseferry-plan/1"], Field(alias="schema")] = SCHEMA
    direction: Literal["kore-to-casemgr", "casemgr-to-kore", "two-way"]
    pair: Pair
    mapping: str
    policy: str
    configuration: str
    inputs: dict[str, str] = Field(default_factory=dict)
    scope: Scope = Scope()
    read: dict[str, dict[str, int]] = Field(default_factory=dict)
    actions: dict[str, dict[str, int]] = Field(default_factory=dict)
    losses: dict[str, int] = Field(default_factory=dict)
    accepted: dict[str, int | Literal["any"]] = Field(default_factory=dict)
    stays_behind: dict[str, int] = Field(default_factory=dict)
    guards: tuple[GuardFigure, ...] = ()
    requests: dict[str, dict[str, int]] = Field(default_factory=dict)
    duration_s: float = 0
    balances: bool = True
    redacted: bool = False
    redacted_by: str = ""
    lines: int = 0
    digest: str = ""
    made: Made | None = None

    model_config = ConfigDict(populate_by_name=True)


class Seal(_Part):
    """The last line: a hash of every byte before it."""

    line: Literal["seal"]
    sha256: str
