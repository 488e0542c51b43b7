"""What may be written to Kore, and how: typed, strict, nothing beyond the allow-list.

The update table of the documentation is the dump of a stored record; what looks
read-only there is never sent.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from caseferry.adapters.shapes import instant

Text = Annotated[str, StringConstraints(min_length=1)]


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )


class Requester(_Body):
    """Who a case or task is for; the server needs at least one way to find them."""

    id: Text | None = Field(default=None, alias="_id")
    name: str | None = None
    email: Text | None = Field(default=None, alias="emailId")
    phone: Text | None = Field(default=None, alias="phoneNumber")

    @model_validator(mode="after")
    def _is_findable(self) -> Self:
        if not (self.id or self.email or self.phone):
            message = "a requester needs an id, an e-mail address or a phone number"
            raise ValueError(message)
        return self


class NewCase(_Body):
    """The body of createCase; nothing else can be set before the first update.

    `dueDate` is demanded; a text in ISO-8601.
    """

    template: Text = Field(alias="caseTmp")
    name: Text
    desc: Text
    requester: Requester = Field(alias="userInfo")
    source: Text
    due: Text = Field(alias="dueDate")

    def body(self, *, nested_contact: bool) -> dict[str, Any]:
        """Spell the body; contacts stand at the top, and in `userInfo` if so asked."""
        body = self.model_dump(by_alias=True, exclude_none=True)
        body["dueDate"] = instant(self.due)
        user = body["userInfo"]
        for name in ("emailId", "phoneNumber"):
            if name in user:
                body[name] = user[name] if nested_contact else user.pop(name)
        return body


class NewTask(_Body):
    """The body of createTask; contacts stand in `userInfo` only."""

    case_id: Text = Field(alias="caseId")
    case_ref_id: Text = Field(alias="caseRefId")
    template: Text = Field(alias="taskTmp")
    name: Text
    desc: Text
    requester: Requester = Field(alias="userInfo")
    source: Text

    def body(self) -> dict[str, Any]:
        """Spell the body; `userInfo.name` is demanded here, unlike on createCase."""
        body = self.model_dump(by_alias=True, exclude_none=True)
        body["userInfo"].setdefault("name", self.requester.email or "")
        return body


class Changes(_Body):
    """The body of updateCase and updateTask; only what is set is sent.

    Arrays and objects replace what is there: read, change, send the whole. `due` is an
    instant in ISO-8601 and goes out as `dueDate` in milliseconds and as `ETA`; "" takes
    the due date away. `top_level` are custom fields by label, for a tenant that writes
    them beside `fields`.
    """

    name: Text | None = None
    desc: str | None = None
    tags: tuple[str, ...] | None = None
    fields_: tuple[Mapping[str, Any], ...] | None = Field(default=None, alias="fields")
    status: Mapping[str, Any] | None = None
    priority: Mapping[str, Any] | None = None
    due: str | None = None
    requester: Requester | None = Field(default=None, alias="userInfo")
    is_active: bool | None = Field(default=None, alias="isActive")
    top_level: Mapping[str, Mapping[str, Any]] | None = None

    def body(self) -> dict[str, Any]:
        """Spell the body; its own keys go before a custom field of the same name."""
        body = self.model_dump(
            by_alias=True, exclude_none=True, exclude={"due", "fields_", "top_level"}
        )
        if self.fields_ is not None:  # what clears a field is kept
            body["fields"] = [dict(element) for element in self.fields_]
        if self.due is not None:
            eta = instant(self.due)
            body |= {"ETA": eta, "dueDate": _milliseconds(eta) if eta else None}
        return {**(self.top_level or {}), **body}


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
