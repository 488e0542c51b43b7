"""The tenant both systems pretend to be: ids, names, secrets, configured values.

Constants only; the project's default configuration and mapping use the same ones.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Named:
    """Something with an id and a name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Template(Named):
    """A case or task template; default_assignee is agent, queue or unassigned."""

    default_assignee: str = "unassigned"


@dataclass(frozen=True, slots=True)
class Agent(Named):
    """A Kore agent: id is the agent record (a-), user_id the platform user (u-)."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Status(Named):
    """A Kore status; category is the plain code."""

    category: str
    kind: str = "system"


@dataclass(frozen=True, slots=True)
class Priority(Named):
    """A Kore priority."""

    score: int
    color: str
    kind: str = "system"


@dataclass(frozen=True, slots=True)
class Field(Named):
    """A Kore field; machine is metaData.name, options belong to drop-downs."""

    machine: str
    data_type: str
    kind: str = "custom"
    options: tuple[str, ...] = ()
    desc: str = ""


@dataclass(frozen=True, slots=True)
class User(Named):
    """A casemgr user; name is the loginId."""

    first: str
    last: str
    external_id: str


def _status(number: int, name: str, category: str, kind: str = "system") -> Status:
    return Status(f"sts-000000{number}-0000-4000-8000-00000000000{number}", name,
                  category, kind)  # fmt: skip


def _priority(number: int, name: str, score: int, color: str) -> Priority:
    kind = "custom" if name == "Emergency" else "system"
    return Priority(f"pr-000000{number}-0000-4000-8000-00000000000{number}", name,
                    score, color, kind)  # fmt: skip


def _agent(number: int, name: str) -> Agent:
    tail = f"0000-4000-8000-00000000000{number}"
    return Agent(f"a-000000{number}-{tail}", name, f"u-0000000{number}-{tail}")


def _template(kind: str, number: int, name: str, assignee: str) -> Template:
    tail = f"000000{number}-1111-4222-8333-00000000000{number}"
    return Template(f"{kind}-{tail}", name, assignee)


STREAM_ID: Final = "st-5a4db0c5-1111-5222-8333-000000000001"
ACCOUNT_ID: Final = "6639f7bd58c97ffac03b0001"
ORG_ID: Final = "o-5a4db0c5-1111-5222-8333-000000000002"
KORE_CLIENT_ID: Final = "cs-sandbox"
KORE_CLIENT_SECRET: Final = "sandbox-kore-secret-0123456789abcdef"  # noqa: S105
KORE_API_USER: Final = {
    "name": "Case API",
    "_id": "u-5a4db0c5-1111-5222-8333-0000000000aa",
    "profImage": "no-avatar",
}

CASE_TEMPLATES: Final = (
    _template("ctm", 1, "Sales", "agent"),
    _template("ctm", 2, "Billing", "unassigned"),
    _template("ctm", 3, "Service", "queue"),
)
TASK_TEMPLATES: Final = (
    _template("ttm", 1, "Follow-up", "unassigned"),
    _template("ttm", 2, "Call back", "unassigned"),
    _template("ttm", 3, "Refund", "unassigned"),
)
AGENTS: Final = (
    _agent(1, "Jane Doe"),
    _agent(2, "Frank Miller"),
    _agent(3, "Wei Zhang"),
    _agent(4, "Zoë Ångström"),
)
QUEUE: Final = Named("qu-0000001-0000-4000-8000-000000000001", "Service queue")
STATUSES: Final = (
    _status(1, "Open", "open"),
    _status(2, "In Progress", "inprogress"),
    _status(3, "On Hold", "onhold"),
    _status(4, "Resolved", "resolved"),
    _status(5, "Closed", "closed"),
    _status(6, "Waiting for parts", "onhold", "custom"),
    _status(7, "Escalated", "inprogress", "custom"),
)
PRIORITIES: Final = (
    _priority(1, "Low", 5, "#64748B"),
    _priority(2, "Medium", 10, "#16A34A"),
    _priority(3, "High", 12, "#EA580C"),
    _priority(4, "Critical", 14, "#DC2626"),
    _priority(5, "Emergency", 15, "#7F1D1D"),
)
SYSTEM_FIELDS: Final = (
    Field("fd-0000001-0000-4000-8000-000000000001", "Title", "title", "input",
          "system", (), "Title of the field"),
    Field("fd-0000002-0000-4000-8000-000000000002", "Description", "description",
          "textarea", "system", (), "Transcription based on the conversation summary"),
    Field("fd-0000003-0000-4000-8000-000000000003", "Due Date", "dueDate", "datetime",
          "system", (), "Date/time to complete a case"),
)  # fmt: skip
CUSTOM_FIELDS: Final = (
    Field("fd-0000004-0000-4000-8000-000000000004", "Region", "rgn", "dropdown",
          "custom", ("EMEA", "N. America", "APAC")),
    Field("fd-0000005-0000-4000-8000-000000000005", "Refund amount", "rfnd", "number"),
)  # fmt: skip

CASEMGR_CLIENT_ID: Final = "caseferry-sandbox"
CASEMGR_CLIENT_SECRET: Final = "sandbox-casemgr-secret-0123456789abcdef"  # noqa: S105
CASEMGR_SCOPE: Final = "https://api.egain.cloud/auth/.default"

DEPARTMENTS: Final = (
    Named("999", "Service"),
    Named("1000", "Billing"),
    Named("1001", "Archive"),
)
TASK_SUBTYPES: Final = ("general", "dispute", "callback")
USERS: Final = (
    User("1001", "svc_care", "Customer", "Care", "ext-1001"),
    User("1002", "svc_billing", "Billing", "Desk", "ext-1002"),
    User("1003", "jdoe", "Jane", "Doe", "ext-1003"),
    User("1004", "frank", "Frank", "Robert", "ext-1004"),
)
API_CLIENT_USER: Final = User("1000", "api_client", "API", "Client", "ext-1000")
LANGUAGES: Final = ("en", "es", "fr", "it", "de", "nl", "pt", "da", "ru", "zh", "ja")

# name -> allowed values; an empty tuple is a free string
ACTIVITY_ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = dict.fromkeys(
    (
        "ext_key",
        "orig_due",
        "orig_created",
        "kore_ref",
        "kore_status",
        "kore_tags",
        "kore_priority",
    ),
    (),
)
CASE_ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            "ext_key",
            "kore_tags",
            "kore_ref",
            "orig_created",
            "orig_due",
            "kore_status",
            "kore_description",
            "refund_amount",
        ),
        (),
    ),
    "region": ("emea", "na", "apac"),
}
CONTACT_ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {"crm_id": ()}
