"""Custom attribute filters: custom.<name>=value, or custom= (C 10.2).

What ``custom=`` carries is written nowhere; taken here are a JSON object
``{"name":"value"}`` and ``name:value`` or ``name=value``.
"""

import json
import re
from typing import Any, Final

from caseferry.sandbox.casemgr.errors import refused

_NAMED: Final = re.compile(r"([A-Za-z0-9_]+)[:=](.*)", re.DOTALL)


def custom_pairs(
    params: dict[str, Any], known: dict[str, tuple[str, ...]]
) -> tuple[tuple[str, str], ...]:
    """Return the (name, value) pairs asked for; unknown names are refused."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        if name.startswith("custom."):
            pairs.append((name.removeprefix("custom."), str(value)))
        elif name == "custom":
            pairs.extend(_spelled(value))
    for name, _ in pairs:
        if name not in known:
            raise refused("400-102", f"Custom attribute '{name}' is not configured.")
    return tuple(pairs)


def _spelled(value: object) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [(str(name), str(item)) for name, item in value.items()]
    text = str(value)
    if text.startswith("{"):
        try:
            return _spelled(json.loads(text))
        except ValueError:
            pass
    match = _NAMED.fullmatch(text)
    if match is None:
        raise refused("400-102", "Invalid value of query parameter 'custom'.")
    return [(match[1], match[2])]
