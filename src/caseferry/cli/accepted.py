"""Who accepted the mapping in force, for reports."""

from collections.abc import Callable, Mapping

from caseferry.model.acceptance import PREFIX, acceptance_in


def accepted_mapping(
    facts: Callable[[str], Mapping[str, str]], digest: str
) -> dict[str, object]:
    """Give a mapping's digest and who accepted it, as JSON data; None is nobody.

    Args:
        facts: gives the state's facts whose names begin so.
        digest: of the mapping.
    """
    found = acceptance_in(facts(PREFIX), digest)
    return {"digest": digest, "accepted": None if found is None else found.data}
