"""The shape of a mapping file as values: keys, types and defaults, nothing else.

Every key has a default, so that one mistake never hides another; what a mapping cannot
do without is said by `caseferry.mapping.check`.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from caseferry.model.mapped import Owner, WriteOnce
from caseferry.model.record import Value

Direction = Literal["both", "to-casemgr", "to-kore"]
OpenerWhen = Literal["no-tasks", "all-tasks-completed", "reopened"]
KEEP = "keep:"
_ATTRIBUTE = re.compile(r"custom\.\s*\S.*")


def keep_target(policy: str) -> str:
    """Give the attribute of a `keep:` policy: `custom.orig_due`; "" for any other."""
    return policy[len(KEEP) :] if policy.startswith(KEEP) else ""


def _policy(*words: str) -> AfterValidator:
    def check(value: str) -> str:
        target = keep_target(value)
        if value in words or _ATTRIBUTE.fullmatch(target):
            return value
        expected = ", ".join([*words, "keep:custom.<attribute>"])
        text = "expected one of {expected}"
        raise PydanticCustomError("word", text, {"expected": expected})

    return AfterValidator(check)


def _attribute(value: str) -> str:
    if value and not _ATTRIBUTE.fullmatch(value):
        raise PydanticCustomError("word", "expected custom.<attribute>")
    return value


def _acceptance(value: object) -> int | Literal["any"]:
    if value == "any":
        return "any"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise PydanticCustomError("word", 'expected a number from 0, or "any"')


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Unmapped = Annotated[str, _policy("quarantine", "drop")]
TooLong = Annotated[str, _policy("cut", "opener", "quarantine")]
Past = Annotated[str, _policy("drop", "quarantine")]
Acceptance = Annotated[int | Literal["any"], PlainValidator(_acceptance)]
Attribute = Annotated[str, AfterValidator(_attribute)]
Several = Annotated[tuple[str, ...], BeforeValidator(_several)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Defaults(_Part):
    """What a row says that does not say otherwise."""

    direction: Direction = "both"
    owner: Owner = "ask"
    unmapped: Unmapped = "quarantine"


class Row(_Part):
    """One Kore field and its counterpart; None inherits."""

    casemgr: str = ""
    direction: Direction | None = None
    owner: Owner | None = None
    unmapped: Unmapped | None = None
    too_long: TooLong | None = None
    past: Past | None = None
    values: dict[str, str] = Field(default_factory=dict)


class Rows(_Part):
    """The rows of one entity, by Kore field."""

    fields: dict[str, Row] = Field(default_factory=dict)


class Step(_Part):
    """One name of a scale: a list of what means it, or what it writes only."""

    reads: tuple[str, ...] = ()
    write: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
        return {"reads": value} if isinstance(value, list) else value

    @property
    def written(self) -> str:
        """What is written for the name."""
        return self.write or (self.reads[0] if self.reads else "")


class Priority(_Part):
    """Kore priority names against activity priorities."""

    most_urgent: str = ""
    unmapped: Unmapped | None = None
    names: dict[str, Step] = Field(default_factory=dict)


class Severity(_Part):
    """Kore priority names against case severities."""

    unmapped: Unmapped | None = None
    names: dict[str, Step] = Field(default_factory=dict)


class StatusRow(_Part):
    """One casemgr status: the Kore categories that mean it, and the name it writes."""

    categories: tuple[str, ...] = ()
    write: str = ""


class KeptIn(_Part):
    """Where a status name is kept, per entity; "" is nowhere."""

    case: Attribute = ""
    task: Attribute = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
        return {"case": value, "task": value} if isinstance(value, str) else value


class StatusPolicy(_Part):
    """What happens where the two ideas of a status differ."""

    name_kept_in: KeptIn = KeptIn()
    reopened: Literal["opener", "report", "conflict"] = "report"
    cascade_close: Literal["propagate", "reopen", "report"] = "report"


class Status(_Part):
    """Statuses of both entities, by casemgr status."""

    case: dict[str, StatusRow] = Field(default_factory=dict)
    task: dict[str, StatusRow] = Field(default_factory=dict)
    policy: StatusPolicy = StatusPolicy()


class Lookup(_Part):
    """One way to find a customer."""

    kore: str = ""
    casemgr: str = ""


class Customer(_Part):
    """How a case's customer is found, or made."""

    lookup: tuple[Lookup, ...] = ()
    phone_region: str = ""
    none_found: Literal["create", "placeholder", "quarantine"] = "quarantine"
    several: Literal["quarantine"] = "quarantine"
    no_contact: Literal["placeholder", "quarantine"] = "quarantine"
    placeholder: str = ""


class Route(_Part):
    """Where records land that fit; without `when` all do."""

    when: dict[str, Several] = Field(default_factory=dict)
    department: str = ""
    subtype: str = ""
    assignee: str = ""


class KoreRoute(_Part):
    """What the creates of a case group name that fits; "" is what [to_kore] says."""

    when: dict[str, Several] = Field(default_factory=dict)
    case_template: str = ""
    task_template: str = ""
    source: str = ""


class ToKore(_Part):
    """What createCase demands and casemgr lacks."""

    case_template: str = ""
    task_template: str = ""
    source: str = ""
    due_date: str = ""
    spawned_tasks: Literal["report", "adopt"] = "report"
    route: tuple[KoreRoute, ...] = ()


class KoreIds(_Part):
    """Ids that could not be harvested from records, by name."""

    status: dict[str, str] = Field(default_factory=dict)
    priority: dict[str, str] = Field(default_factory=dict)
    field: dict[str, str] = Field(default_factory=dict)


class Opener(_Part):
    """The activity that carries a case without open tasks."""

    when: tuple[OpenerWhen, ...] = ()
    subtype: str = ""
    subject: str = ""


class Example(_Part):
    """Values of one Kore record and what they become; checked, not carried."""

    kore: dict[str, Value] = Field(default_factory=dict)
    casemgr: dict[str, Value] = Field(default_factory=dict)


class MappingSpec(_Part):
    """A whole mapping file."""

    format: Literal[1] | None = None
    title: str = ""
    defaults: Defaults = Defaults()
    case: Rows = Rows()
    task: Rows = Rows()
    write_once: dict[str, WriteOnce] = Field(default_factory=dict)
    priority: Priority = Priority()
    severity: Severity = Severity()
    status: Status = Status()
    customer: Customer = Customer()
    route: tuple[Route, ...] = ()
    assignees: dict[str, str] = Field(default_factory=dict)
    to_kore: ToKore = ToKore()
    kore_ids: KoreIds = KoreIds()
    opener: Opener = Opener()
    losses: dict[str, Acceptance] = Field(default_factory=dict)
    stays_behind: dict[str, str] = Field(default_factory=dict)
    example: tuple[Example, ...] = ()

    def rows(self, entity: Literal["case", "task"]) -> dict[str, Row]:
        """Give an entity's rows with everything inherited filled in."""
        part = self.case if entity == "case" else self.task
        return {name: self._resolved(row) for name, row in part.fields.items()}

    def unmapped(self, own: str | None) -> str:
        """Give the policy for values that no row names."""
        return own or self.defaults.unmapped

    def _resolved(self, row: Row) -> Row:
        direction = row.direction or self.defaults.direction
        one_way: dict[str, Owner] = {"to-casemgr": "kore", "to-kore": "casemgr"}
        owner = row.owner or one_way.get(direction, self.defaults.owner)
        return row.model_copy(
            update={
                "direction": direction,
                "owner": owner,
                "unmapped": self.unmapped(row.unmapped),
            }
        )
