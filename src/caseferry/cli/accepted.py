"""Who accepted the mapping in force, for reports."""

from collections.abc import Callable, Mapping
from typing import Any

from caseferry.bootstrap import reading_state
from caseferry.cli.options import Invocation
from caseferry.config import Config
from caseferry.errors import ConfigError, StateError
from caseferry.model.acceptance import PREFIX, Acceptance, acceptance_in
from caseferry.report.text import local_time


def accepted_mapping(
    facts: Callable[[str], Mapping[str, str]], digest: str
) -> dict[str, Any]:
    """Give a mapping's digest and who accepted it, as JSON data; None is nobody.

    Args:
        facts: gives the state's facts whose names begin so.
        digest: of the mapping.
    """
    found = acceptance_in(facts(PREFIX), digest)
    return {"digest": digest, "accepted": None if found is None else found.data}


def acceptance_of(config: Config, digest: str) -> Acceptance | None:
    """Find in the state who accepted a mapping; without a state it is nobody.

    Raises:
        StateError: it is unusable, or another pair's.
    """
    try:
        with reading_state(config) as store:
            return acceptance_in(store.facts(PREFIX), digest)
    except StateError as error:
        if error.code in ("state-missing", "state-older"):
            return None
        raise


def acceptance_if_any(invocation: Invocation, digest: str) -> Acceptance | None:
    """Find the same where the configuration may still be unfinished."""
    try:
        return acceptance_of(invocation.load().config, digest)
    except (ConfigError, StateError):
        return None


def accepted_words(accepted: Mapping[str, Any] | None) -> str:
    """Say for a person who accepted a mapping, from its JSON data."""
    if accepted is None:
        return "nobody"
    return f"{accepted['by']} on {local_time(accepted['at'])}"
