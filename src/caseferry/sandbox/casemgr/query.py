"""Query parameters of casemgr v3: names, paging, sorting, selection (C 1.4, 1.5)."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from caseferry.sandbox.casemgr.errors import refused
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.times import parse_iso

_PAGING: Final = ("$pagenum", "$pagesize", "$rangestart", "$rangesize")
LIST_PARAMS: Final = frozenset((*_PAGING, "$sort", "$order", "$attribute"))
GET_PARAMS: Final = frozenset(("$sort", "$order", "$attribute"))
_MAX_SIZE: Final = 75
_DEFAULT_SIZE: Final = 25
_OFFSETS: Final = 2


@dataclass(frozen=True, slots=True)
class Query:
    """The checked parameters of one request."""

    params: dict[str, str]
    start: int = 0
    size: int = _DEFAULT_SIZE
    page: int = 1
    sort: str = ""
    descending: bool = False
    attributes: str = ""

    def get(self, name: str) -> str | None:
        """Return one parameter."""
        return self.params.get(name)


def parse_query(
    text: str, allowed: frozenset[str], *, dotted: bool = False
) -> dict[str, str]:
    """Return the parameters; refuse names that are not allowed (400-101).

    dotted allows any ``custom.<name>`` as well.
    """
    params = dict(parse_qsl(text, keep_blank_values=True))
    for name in params:
        if name in allowed or (dotted and name.startswith("custom.")):
            continue
        message = f"Unsupported query parameter(s) supplied: '{name}'."
        raise refused("400-101", message, parameter=name)
    return params


def make_query(params: dict[str, str], sorts: frozenset[str]) -> Query:
    """Check paging, sorting and selection."""
    start, size, page = _window(params)
    sort, order = params.get("$sort", ""), params.get("$order", "asc")
    if sort and sort not in sorts:
        raise _bad("$sort", sort)
    if order not in ("asc", "desc"):
        raise _bad("$order", order)
    if "$order" in params and not sort:
        raise refused("400-102", "$order is allowed only together with $sort.")
    return Query(
        params=params,
        start=start,
        size=size,
        page=page,
        sort=sort,
        descending=order == "desc",
        attributes=params.get("$attribute", ""),
    )


def _window(params: dict[str, str]) -> tuple[int, int, int]:
    paged = "$pagenum" in params or "$pagesize" in params
    ranged = "$rangestart" in params or "$rangesize" in params
    if paged and ranged:
        raise refused("400-102", "Page and range parameters cannot be mixed.")
    if ranged:
        start = _positive(params, "$rangestart", 1) - 1
        size = _positive(params, "$rangesize", _DEFAULT_SIZE)
        page = start // size + 1
    else:
        page = _positive(params, "$pagenum", 1)
        size = _positive(params, "$pagesize", _DEFAULT_SIZE)
        start = (page - 1) * size
    if size > _MAX_SIZE:
        raise _bad("$rangesize" if ranged else "$pagesize", str(size))
    return start, size, page


def _positive(params: dict[str, str], name: str, default: int) -> int:
    text = params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) > 0):
        message = f"Query parameter '{name}' must be a positive integer."
        raise refused("400-105", message, parameter=name)
    return int(text)


def _bad(name: str, value: str) -> Exception:
    message = f"Invalid value of query parameter '{name}'."
    return refused("400-102", message, parameter=name, value=value)


def check_attributes(selection: str, allowed: frozenset[str]) -> None:
    """Refuse names in $attribute that the operation does not know."""
    for name in selection.split(",") if selection else ():
        known = name == "all" or name in allowed or name.startswith("custom.")
        if not known:
            raise _bad("$attribute", name)


def check_filters(
    params: dict[str, str], alone: frozenset[str], readings: Readings
) -> None:
    """Refuse a search without a filter; those in alone do not count as one."""
    if readings.is_set("casemgr.department_alone", "refused"):
        alone |= {"department"}
    if not params.keys() - LIST_PARAMS - alone:
        raise refused("400-112", "At least one filter is required.")


def parse_range(text: object, name: str) -> tuple[int | None, int | None]:
    """Return the ends of ``[start,end]`` as epoch ms; both ends inclusive."""
    ends = text[1:-1].split(",") if isinstance(text, str) and text[:1] == "[" else []
    if len(ends) != _OFFSETS or not str(text).endswith("]") or not any(ends):
        raise _bad(name, str(text))
    values: list[int | None] = []
    for end in ends:
        value = parse_iso(end.strip())
        if end.strip() and value is None:
            raise _bad(name, str(text))
        values.append(value)
    return values[0], values[1]


def in_range(value: int | None, ends: tuple[int | None, int | None]) -> bool:
    """Say whether an instant lies in a closed range."""
    if value is None:
        return False
    first, last = ends
    return (first is None or first <= value) and (last is None or value <= last)


def split_ids(text: str, limit: float) -> list[str]:
    """Return the ids of a path; at most 75, all of them digits."""
    if len(text) > limit:
        raise refused("400-10424", "The list of ids in the path is too long.")
    ids = text.split(",")
    if len(ids) > _MAX_SIZE:
        raise refused("400-10424", f"At most {_MAX_SIZE} ids are allowed.")
    for item in ids:
        if not (item.isascii() and item.isdigit()):
            raise refused("400-108", f"Invalid id '{item}' in the path.")
    return list(dict.fromkeys(ids))


def items_of(body: dict[str, Any], root: str) -> list[dict[str, Any]]:
    """Return the objects under a root array; a single object counts as one."""
    value = body.get(root)
    items: list[Any] = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, dict) for item in items):
        raise refused("400-152", f"Attribute '{root}' is missing or invalid.")
    if len(items) > _MAX_SIZE:
        raise refused("400-10424", f"At most {_MAX_SIZE} entries are allowed.")
    return items
