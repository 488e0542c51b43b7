"""The log of calls, by which clients are judged."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the sandbox saw it.

    committed says whether records changed; fault names what struck it. A late effect
    is logged twice: when asked (not committed) and when it lands (fault "landed").
    """

    n: int
    system: str
    operation: str
    method: str
    path: str
    query: str
    status: int
    committed: bool
    record_id: str
    at: datetime
    fault: str = ""
