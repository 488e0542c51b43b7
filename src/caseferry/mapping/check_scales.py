"""The sense of the two scales, priority and severity: total, ordered, lawful."""

from collections.abc import Iterable, Iterator

from caseferry.errors import Problem
from caseferry.mapping.names import PRIORITIES, SEVERITIES, dotted, nearest
from caseferry.mapping.shape import MappingSpec, Step


def check_scales(spec: MappingSpec) -> Iterator[Problem]:
    """Give what is wrong with [priority] and [severity]."""
    priority, severity = spec.priority, spec.severity
    if not priority.names:
        text = "missing: expected Kore's priority names, the most urgent first"
        yield Problem(path="priority.names", message=text)
    yield from _most_urgent(priority.most_urgent)
    for section, steps, words in (
        ("priority", priority.names, PRIORITIES),
        ("severity", severity.names, SEVERITIES),
    ):
        if steps:
            yield from _steps(dotted(section, "names"), steps, words)
    if priority.most_urgent in ("1", "7"):
        falling = priority.most_urgent == "7"
        yield from _order("priority", priority.names, PRIORITIES, falling=falling)
    yield from _order("severity", severity.names, SEVERITIES, falling=False)
    if severity.names:
        yield from _same_names(spec)


def _most_urgent(value: str) -> Iterator[Problem]:
    path = "priority.most_urgent"
    if not value:
        text = 'missing: expected "1" or "7", as your tenant has it'
        yield Problem(path=path, message=text)
    elif value not in ("1", "7"):
        yield Problem(path=path, message='expected "1" or "7"')


def _steps(
    path: str, steps: dict[str, Step], words: tuple[str, ...]
) -> Iterator[Problem]:
    """Check that each word is read as exactly one name, and each name is written."""
    folded: dict[str, str] = {}
    seen: dict[str, str] = {}
    for name, step in steps.items():
        here = f"{path}.{dotted(name)}"
        twin = folded.setdefault(name.strip().lower(), name)
        if twin != name:
            yield Problem(path=here, message=f"the same name as {twin!r}")
        if not step.written:
            text = 'expected what means it, such as ["1"], or { write = "1" }'
            yield Problem(path=here, message=text)
        yield from _unknown(here, step, words)
        for word in step.reads:
            if word in seen:
                text = f"{word!r} already stands in {seen[word]!r}"
                yield Problem(path=here, message=text)
            seen.setdefault(word, name)
    for word in (word for word in words if word not in seen):
        text = f"{word!r} stands in no list: it could not be read back"
        yield Problem(path=path, message=text)


def _unknown(path: str, step: Step, words: tuple[str, ...]) -> Iterator[Problem]:
    for word in dict.fromkeys((*step.reads, step.written)):
        if word and word not in words:
            text = f"unknown value {word!r}, expected one of {', '.join(words)}"
            yield Problem(path=path, message=text, nearest=nearest(word, words))


def _order(
    section: str, steps: dict[str, Step], words: tuple[str, ...], *, falling: bool
) -> Iterator[Problem]:
    """Check that names stand from the most urgent down.

    A name that is only written may share its value with a neighbour.
    """
    ranks = {word: rank for rank, word in enumerate(words)}
    last, last_name = -1, ""
    for name, step in steps.items():
        own = _ranks(step, ranks, falling=falling)
        if not own:
            continue
        if min(own) < last:
            stated = ""
            if section == "priority":
                stated = f', and most_urgent is "{words[-1] if falling else words[0]}"'
            text = f"stands below {last_name!r} but means something more urgent{stated}"
            yield Problem(path=dotted(section, "names", name), message=text)
        last, last_name = max(last, *own), name


def _ranks(step: Step, ranks: dict[str, int], *, falling: bool) -> list[int]:
    known: Iterable[str] = (w for w in (*step.reads, step.written) if w in ranks)
    return [len(ranks) - 1 - ranks[w] if falling else ranks[w] for w in known]


def _same_names(spec: MappingSpec) -> Iterator[Problem]:
    """Check that a name which a task may have is known for cases, and the reverse."""
    priority, severity = spec.priority.names, spec.severity.names
    for name in (name for name in priority if name not in severity):
        text = "missing: [priority.names] has this name"
        yield Problem(path=dotted("severity", "names", name), message=text)
    for name in (name for name in severity if name not in priority):
        text = "missing: [severity.names] has this name"
        yield Problem(path=dotted("priority", "names", name), message=text)
