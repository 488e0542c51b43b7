"""The digest of a mapping: what an administrator signs."""

from typing import Any

from caseferry.mapping.shape import MappingSpec
from caseferry.model.record import fingerprint


def digest_of(spec: MappingSpec) -> str:
    """Fingerprint what a mapping means.

    Inherited values are filled in first, so saying a default again changes nothing.
    The title and the examples do not count, nor does the order of tables and of lists
    that are sets; the order of routes, look-ups and of a scale's first value does.
    """
    meaning: dict[str, Any] = spec.model_dump(
        exclude={"title", "example", "defaults", "case", "task"}
    )
    for entity, rows in (("case", spec.rows("case")), ("task", spec.rows("task"))):
        meaning[entity] = {name: row.model_dump() for name, row in rows.items()}
    for part, own in (("priority", spec.priority), ("severity", spec.severity)):
        meaning[part]["unmapped"] = spec.unmapped(own.unmapped)
        meaning[part]["names"] = {
            name: [step.written, sorted(step.reads)] for name, step in own.names.items()
        }
    meaning["owner"] = spec.defaults.owner
    for rows_of in (meaning["status"]["case"], meaning["status"]["task"]):
        for row in rows_of.values():
            row["categories"] = sorted(row["categories"])
    for route in (*meaning["route"], *meaning["to_kore"]["route"]):
        route["when"] = {name: sorted(to) for name, to in route["when"].items()}
    meaning["opener"]["when"] = sorted(spec.opener.when)
    return fingerprint(meaning)
