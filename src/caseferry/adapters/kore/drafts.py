"""Drafts as bodies of createCase and createTask: the marker is put into them here."""

from collections.abc import Callable
from typing import Literal, TypeVar

from pydantic import ValidationError

from caseferry.adapters.kore.marks import text_with
from caseferry.adapters.kore.writes import NewCase, NewTask, Requester
from caseferry.errors import Refused
from caseferry.model.kore_draft import CaseDraft, Contact, TaskDraft
from caseferry.model.marker import Marker
from caseferry.model.record import local_id

Place = Literal["desc", "name"]
B = TypeVar("B", NewCase, NewTask)


def new_case(draft: CaseDraft, place: Place) -> NewCase:
    """Give the body of a createCase.

    Raises:
        Refused: the draft lacks what Kore demands; nothing was sent.
    """
    due = draft.due if draft.is_due_synthetic else ""
    name, desc = _texts(draft, Marker(correlation=draft.correlation, due=due), place)
    return _built(
        lambda: NewCase(
            template=draft.template,
            name=name,
            desc=desc,
            requester=_requester(draft.contact),
            source=draft.source,
            due=draft.due,
        )
    )


def new_task(draft: TaskDraft, place: Place) -> NewTask:
    """Give the body of a createTask, as `new_case`."""
    name, desc = _texts(draft, Marker(correlation=draft.correlation), place)
    return _built(
        lambda: NewTask(
            case_id=local_id(draft.case),
            case_ref_id=draft.case_ref,
            template=draft.template,
            name=name,
            desc=desc,
            requester=_requester(draft.contact),
            source=draft.source,
        )
    )


def _texts(
    draft: CaseDraft | TaskDraft, marker: Marker, place: Place
) -> tuple[str, str]:
    """Spell name and desc; neither may be empty, so an empty desc is our marker too.

    What looks like a marker in the texts goes: a record must carry one key only.
    """
    in_desc = place == "desc" or not text_with(draft.desc, (), "desc")
    return (
        text_with(draft.name, (marker,) if place == "name" else (), "name"),
        text_with(draft.desc, (marker,) if in_desc else (), "desc"),
    )


def _requester(contact: Contact) -> Requester:
    return Requester(
        name=contact.name, email=contact.email or None, phone=contact.phone or None
    )


def _built(build: Callable[[], B]) -> B:
    try:
        return build()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "userInfo"
        raise Refused(
            f"kore would not take this: {where}: {first['type']}",
            code="refused-invalid",
            system="kore",
        ) from None
