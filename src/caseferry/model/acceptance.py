"""Who accepted a mapping: a fact of the state, one for each digest."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

PREFIX: Final = "mapping.accepted."


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Somebody said yes to a mapping, and to what no API can see.

    Attributes:
        digest: of the mapping.
        by: the name that was given.
        at: when, canonical.
        user, host, version: whose process it was, where, and with what caseferry.
        confirmed: what no API can see and was confirmed with it, in words.
    """

    digest: str
    by: str
    at: str
    user: str
    host: str
    version: str
    confirmed: tuple[str, ...] = ()

    @property
    def fact(self) -> str:
        """Give the name of its fact."""
        return f"{PREFIX}{self.digest}"

    def text(self) -> str:
        """Give the value of its fact."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @property
    def data(self) -> dict[str, object]:
        """Give it as JSON data."""
        return asdict(self) | {"confirmed": list(self.confirmed)}


def acceptance_in(facts: Mapping[str, str], digest: str) -> Acceptance | None:
    """Find who accepted exactly this mapping; None is nobody."""
    text = facts.get(f"{PREFIX}{digest}")
    if text is None:
        return None
    value = json.loads(text)
    return Acceptance(**value | {"confirmed": tuple(value["confirmed"])})
