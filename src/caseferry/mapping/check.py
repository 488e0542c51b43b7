"""The sense of a mapping: what its parts must say, alone and together."""

from collections.abc import Iterable, Iterator

from caseferry.errors import Problem
from caseferry.mapping.check_places import check_places
from caseferry.mapping.check_rows import check_rows
from caseferry.mapping.check_scales import check_scales
from caseferry.mapping.check_to_kore import check_to_kore
from caseferry.mapping.names import (
    ACTIVITY_READABLE,
    ACTIVITY_STATUSES,
    CASE_READABLE,
    CASE_STATUSES,
    CATEGORIES,
    CUSTOM,
    FIELD,
    KORE_BOTH,
    LOSSES,
    dotted,
    nearest,
)
from caseferry.mapping.shape import MappingSpec, StatusRow
from caseferry.mapping.tables import fold_category


def check_spec(spec: MappingSpec) -> list[Problem]:
    """Give everything that is wrong with a mapping, in the order of its sections."""
    return [
        *_head(spec),
        *check_rows(spec),
        *check_scales(spec),
        *_statuses("case", spec.status.case, CASE_STATUSES, required=CASE_STATUSES),
        *_statuses(
            "task", spec.status.task, ACTIVITY_STATUSES, required=ACTIVITY_STATUSES[:2]
        ),
        *check_places(spec),
        *check_to_kore(spec.to_kore),
        *_losses(spec),
        *_stays_behind(spec),
        *_examples(spec),
    ]


def _head(spec: MappingSpec) -> Iterator[Problem]:
    if spec.format is None:
        yield Problem(path="format", message="missing: expected format = 1")


def _statuses(
    entity: str,
    rows: dict[str, StatusRow],
    known: Iterable[str],
    *,
    required: Iterable[str],
) -> Iterator[Problem]:
    path = dotted("status", entity)
    missing = "missing: says which Kore categories mean it"
    for status in (name for name in required if name not in rows):
        yield Problem(path=dotted("status", entity, status), message=missing)
    seen: dict[str, str] = {}
    for status, row in rows.items():
        here = dotted("status", entity, status)
        if status not in known:
            text = "unknown casemgr status"
            yield Problem(path=here, message=text, nearest=nearest(status, known))
        if not row.write:
            text = "missing: expected the Kore status that is written"
            yield Problem(path=f"{here}.write", message=text)
        for category in map(fold_category, row.categories):
            if category in seen:
                text = f"category {category!r} already stands in {seen[category]!r}"
                yield Problem(path=f"{here}.categories", message=text)
            seen.setdefault(category, status)
    for category in (name for name in CATEGORIES if name not in seen):
        yield Problem(
            path=path,
            message=f"category {category!r} stands in no row",
            nearest=nearest(category, seen.keys() - set(CATEGORIES)),
        )


def _losses(spec: MappingSpec) -> Iterator[Problem]:
    for rule in (rule for rule in spec.losses if rule not in LOSSES):
        close = nearest(rule, LOSSES)
        path = dotted("losses", rule)
        yield Problem(path=path, message="unknown loss rule", nearest=close)


def _stays_behind(spec: MappingSpec) -> Iterator[Problem]:
    for name in spec.stays_behind:
        if not name.startswith(("kore.", "casemgr.")):
            text = "expected a name that begins with kore. or casemgr."
            yield Problem(path=dotted("stays_behind", name), message=text)


def _examples(spec: MappingSpec) -> Iterator[Problem]:
    kore = {*KORE_BOTH, "statusCategory", "task_template"}
    casemgr = CASE_READABLE | ACTIVITY_READABLE
    for number, example in enumerate(spec.example):
        for name in example.kore:
            if name not in kore and not name.startswith(FIELD):
                yield Problem(
                    path=dotted("example", number, "kore", name),
                    message="unknown Kore field",
                    nearest=nearest(name, kore),
                )
        for name in example.casemgr:
            bare = name.removeprefix("case.").removeprefix("task.")
            if bare not in casemgr and not bare.startswith(CUSTOM):
                yield Problem(
                    path=dotted("example", number, "casemgr", name),
                    message="unknown casemgr field",
                    nearest=nearest(bare, casemgr),
                )
