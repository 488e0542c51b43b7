"""The commented configuration that `caseferry init` writes."""

import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Final

_EMPTY: Final = dict.fromkeys(
    (
        "kore_base_url",
        "stream_id",
        "account_id",
        "kore_client_id",
        "casemgr_base_url",
        "tenant",
        "token_url",
        "casemgr_client_id",
        "scope",
    ),
    "",
)
_DEFAULTS: Final = _EMPTY | {
    "kore_base_url": "https://platform.kore.ai",
    "casemgr_base_url": "https://api.egain.cloud",
    "kore_per_minute": 50,
    "kore_per_hour": 1700,
    "casemgr_per_minute": "",
    "visibility_lag": "120s",
    "late_effect": "600s",
    "departments": ["Service"],
}
_NO_COMMAND: Final = {
    "kore_secret": '# client_secret_command = ["pass", "show", "kore"]',
    "casemgr_secret": '# client_secret_command = ["pass", "show", "casemgr"]',
}


def config_text(
    values: Mapping[str, object] | None = None,
    commands: Mapping[str, list[str]] | None = None,
) -> str:
    """Write a configuration.

    Args:
        values: what stands in it, by the names in the template; what is not given is
            to be filled in by a person, and refused until then.
        commands: per system, what prints its secret.
    """
    shown = {
        name: json.dumps(value, ensure_ascii=False)
        for name, value in (_DEFAULTS | dict(values or {})).items()
    }
    lines = {
        f"{system}_secret": f"client_secret_command = {json.dumps(command)}"
        for system, command in (commands or {}).items()
    }
    text = files("caseferry.config").joinpath("caseferry.toml").read_text("utf-8")
    return Template(text).substitute(shown | _NO_COMMAND | lines)
