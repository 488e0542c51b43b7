"""The configuration: file and environment become frozen values, or a list of problems.

Stands left of the adapters, which receive plain values and never these. Read in this
order: `words` (durations, rates, limits), `shape` (the keys), `load` (the file and the
environment over it), `secrets` (where secrets come from).
"""

from caseferry.config.digest import config_digest
from caseferry.config.load import (
    Loaded,
    Monitors,
    Secrecy,
    find_config,
    find_mapping,
    find_monitors,
    load_config,
)
from caseferry.config.secrets import Secrets
from caseferry.config.shape import Config
from caseferry.config.template import config_text
from caseferry.config.words import parse_duration

__all__ = [
    "Config",
    "Loaded",
    "Monitors",
    "Secrecy",
    "Secrets",
    "config_digest",
    "config_text",
    "find_config",
    "find_mapping",
    "find_monitors",
    "load_config",
    "parse_duration",
]
