"""Which operation a request names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and the ids in its path; operation "unknown" when there is none."""

    operation: str
    ids: tuple[str, ...]
