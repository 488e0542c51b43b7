"""The state of one tenant pair in one SQLite file.

An adapter: imports ports, model and errors; only `bootstrap` imports it.
"""

from caseferry.adapters.sqlite.held import HeldRecord, HoldGroup
from caseferry.adapters.sqlite.lock import Holder, StateLock
from caseferry.adapters.sqlite.queries import RunEntry
from caseferry.adapters.sqlite.store import SqliteStore

__all__ = [
    "HeldRecord",
    "HoldGroup",
    "Holder",
    "RunEntry",
    "SqliteStore",
    "StateLock",
]
