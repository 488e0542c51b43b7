"""Hiding field values: a keyed fingerprint tells whether a value is the same."""

import hashlib
import hmac
import json
from collections.abc import Mapping

from caseferry.model.action import ActionKind
from caseferry.planfile.shape import ActionLine, Change, Needs, Redacted, Shown

_HELD = frozenset({ActionKind.QUARANTINE, ActionKind.UNCERTAIN, ActionKind.WAITING})
_UNTOLD = (
    "hidden: a system's own words may repeat a value; `caseferry explain` has them"
)
_KEPT = frozenset({"status", "priority", "severity"})
"""Words of the systems themselves; they say nothing about a person."""


class Redactor:
    """Replaces values of fields; only who has the key can tell what they were."""

    def __init__(self, key: bytes) -> None:
        """Take the key; it stays in the state that the plan was made with."""
        self._key = key

    @property
    def name(self) -> str:
        """What tells this key from another, and nothing about it."""
        return self.mark("caseferry")

    def line(self, line: ActionLine) -> ActionLine:
        """Give the line with its values hidden; names, codes and counts stay."""
        return line.model_copy(
            update={
                "changes": tuple(self._change(each) for each in line.changes),
                "lands": self._lands(line.lands),
                "note": self._hide(line.note),
                "reason": _UNTOLD if line.kind in _HELD else line.reason,
                "needs": Needs(
                    source=self.mark(line.needs.source),
                    target=self.mark(line.needs.target),
                ),
            }
        )

    def mark(self, text: str) -> str:
        """Give the keyed fingerprint of a text; "" stays "", it hides nothing."""
        if not text:
            return ""
        encoded = text.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, encoded, hashlib.sha256).hexdigest()[:32]

    def value(self, name: str, value: Shown) -> Shown | None:
        """Give one field's value as a line would show it."""
        return value if name in _KEPT else self._hide(value)

    def _change(self, change: Change) -> Change:
        if change.name in _KEPT:
            return change
        return Change(
            name=change.name,
            before=self._hide(change.before),
            after=self._hide(change.after),
            source=self._hide(change.source),
        )

    def _lands(self, lands: Mapping[str, Shown]) -> dict[str, Shown]:
        people = {"customer", "contact", "e-mail", "phone"}
        return {
            name: (self._hide(value) or "") if name in people else value
            for name, value in lands.items()
        }

    def _hide(self, value: Shown | None) -> Shown | None:
        if value is None or isinstance(value, Redacted):
            return value
        return Redacted(redacted=self.mark(json.dumps(value, ensure_ascii=False)))
