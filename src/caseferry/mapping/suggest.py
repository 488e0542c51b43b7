"""A starter mapping from what both systems hold.

Everything that was found appears in it. What agrees by name is matched, policies are
those of the mapping that ships, and whatever nobody can know from outside is a line to
fill in: no command uses the mapping before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from caseferry.mapping.harvest import TASK
from caseferry.mapping.names import CASEMGR_TECHNICAL, KORE_TECHNICAL
from caseferry.mapping.sheet import FillIn, Sheet
from caseferry.mapping.suggest_fields import suggest_fields
from caseferry.mapping.suggest_ground import SIDES, Ground
from caseferry.mapping.suggest_places import suggest_places
from caseferry.mapping.suggest_states import suggest_states
from caseferry.mapping.unfilled import FILL_IN
from caseferry.model.record import Entity

_COUNT: Final = "count."
_ONLY_TASKS: Final = "only tasks are in scope"
_TITLE: Final = "Kore <-> casemgr"
_REASONS: Final = {"casemgr.content.html": "texts stay plain"}
_WHY: Final = "why it stays behind; or a row above that carries it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A starter mapping.

    Attributes:
        text: TOML.
        asked: what has to be filled in, in the order of the file.
    """

    text: str
    asked: tuple[FillIn, ...]


def suggest(ground: Ground) -> Suggestion:
    """Write a starter mapping; the same ground gives the same text."""
    sheet = Sheet()
    _head(sheet, ground)
    suggest_fields(sheet, ground)
    suggest_states(sheet, ground)
    suggest_places(sheet, ground)
    _stays_behind(sheet, ground)
    return Suggestion(text=sheet.text(), asked=tuple(sheet.asked))


def _head(sheet: Sheet, ground: Ground) -> None:
    held = [
        f"{name} {part.records} {entity}s"
        for name, of in (
            ("Kore", ground.harvest.kore),
            ("casemgr", ground.harvest.casemgr),
        )
        for entity, part in ((entity, of(entity)) for entity in Entity)
    ]
    sheet.remark("What becomes what, suggested from what both systems hold.")
    sheet.remark(f"Found: {', '.join(held)}.")
    sheet.blank()
    sheet.remark(
        f"Each {FILL_IN} is yours to decide: `caseferry mapping check` names them all, "
        "and no command uses this file before. What agreed by name was matched; look "
        "at it before you sign."
    )
    sheet.put("format", "1")
    sheet.say("title", _TITLE)
    sheet.blank()
    sheet.table("defaults", note="a row below says only where it differs")
    usual = ground.default.defaults
    sheet.say("direction", usual.direction, "both | to-casemgr | to-kore")
    sheet.say("owner", usual.owner, "who wins: kore | casemgr | ask")
    sheet.say("unmapped", usual.unmapped, "quarantine | drop | keep:custom.<attribute>")


def _stays_behind(sheet: Sheet, ground: Ground) -> None:
    """Write what is not carried: with the usual reason, or a line to fill in."""
    reasons = ground.default.stays_behind
    sheet.title("Not carried, counted in every report")
    sheet.table("stays_behind")
    left: dict[str, int] = {}
    for name, records in _left(ground):
        left[name] = left.get(name, 0) + records
    for name, records in sorted(left.items()):
        reason = reasons.get(name) or _REASONS.get(name)
        if reason:
            sheet.say(name, reason, f"{records} records")
        else:
            sheet.ask(name, _WHY, records=records)
    for kind, records in ground.casemgr("task").types.ranked():
        if kind != TASK:
            name = f"casemgr.activity.{kind}"
            sheet.say(name, reasons.get(name, _ONLY_TASKS), f"{records} records")


def _left(ground: Ground) -> Iterator[tuple[str, int]]:
    lookups = {"userInfo.emailId", "userInfo.phoneNumber"}
    for side in SIDES:
        known = KORE_TECHNICAL | lookups | ground.rows[side]
        for name, counts in ground.kore(side).fields.items():
            if name not in known:
                yield f"kore.{name.removeprefix(_COUNT)}", counts.records
        known = CASEMGR_TECHNICAL | ground.carried[side]
        for name, counts in ground.casemgr(side).fields.items():
            if name not in known:
                yield f"casemgr.{name}", counts.records
