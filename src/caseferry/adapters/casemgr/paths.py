"""Every path of the two APIs in one table; an operator may override single rows.

Most paths are known from the older generation only, so no code spells one.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from urllib.parse import quote

from caseferry.errors import ConfigError, Problem

# Rows that begin with `customer` are relative to the customermgr root, the other ones
# to the casemgr root.
PATHS: Mapping[str, str] = {
    "casemgr": "/core/casemgr/v3",
    "customermgr": "/core/customermgr/v3",
    "create": "/activity/task",
    "activities": "/activity",
    "activity": "/activity/{ids}",
    "edit_activity": "/activity",
    "complete": "/activity/complete",
    "activity_note": "/activity/{ids}/note",
    "activity_attributes": "/activity/attributes",
    "cases": "/case",
    "case_lookup": "/case/lookup",
    "case": "/case/{ids}",
    "edit_case": "/case",
    "close": "/case/{ids}/close",
    "case_note": "/case/{ids}/note",
    "case_attributes": "/case/attributes",
    "customers": "/customer",
    "customer": "/customer/{ids}",
    "customer_create": "/customer",
}


class Paths:
    """The table that is in force.

    Raises:
        ConfigError: an override of a row that does not exist.
    """

    def __init__(self, overrides: Mapping[str, str]) -> None:
        problems = [_unknown(name) for name in overrides if name not in PATHS]
        if problems:
            raise ConfigError(
                "casemgr.paths names unknown operations", problems=problems
            )
        self.table = dict(PATHS) | {
            name: "/" + path.strip().strip("/") for name, path in overrides.items()
        }

    def target(self, name: str, ids: str = "", query: str = "") -> str:
        """Spell path and query of a request; ids are joined by commas already."""
        root = "customermgr" if name.startswith("customer") else "casemgr"
        path = self.table[root] + self.table[name]
        if ids:
            path = path.replace("{ids}", quote(ids, safe=","))
        return f"{path}?{query}" if query else path


def query(*pairs: tuple[str, str]) -> str:
    """Spell query parameters in their order; values are percent-encoded whole."""
    return "&".join(f"{quote(name, safe='$')}={quote(v, safe='')}" for name, v in pairs)


def _unknown(name: str) -> Problem:
    nearest = get_close_matches(name, PATHS, n=1)
    return Problem(
        path=f"casemgr.paths.{name}",
        message="no such operation",
        nearest=nearest[0] if nearest else None,
    )
