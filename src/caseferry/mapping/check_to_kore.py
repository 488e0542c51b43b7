"""The sense of [to_kore]: what is wrong with it, and what it lacks to be used."""

from collections.abc import Iterator

from caseferry.errors import Problem
from caseferry.mapping.kore_due import parse_span
from caseferry.mapping.names import CUSTOM, KORE_ROUTE_KEYS, dotted, nearest
from caseferry.mapping.shape import ToKore

_NEEDED = {
    "case_template": "the id of a case template",
    "task_template": "the id of a task template",
    "source": "what Kore notes as the source, such as rtm",
    "due_date": "the time from the creation that a case without a due date gets",
}


def check_to_kore(spec: ToKore) -> Iterator[Problem]:
    """Give what is wrong with what [to_kore] says."""
    if spec.due_date and parse_span(spec.due_date) is None:
        text = "expected the time from the creation, such as +30d; s, m, h, d or w"
        yield Problem(path="to_kore.due_date", message=text)
    catch_all = ""
    for number, route in enumerate(spec.route):
        path = dotted("to_kore", "route", number)
        if catch_all:
            text = f"never reached: {catch_all} takes everything"
            yield Problem(path=path, message=text)
        for name, values in route.when.items():
            here = f"{path}.when.{dotted(name)}"
            custom = name.startswith(CUSTOM) and len(name) > len(CUSTOM)
            if name not in KORE_ROUTE_KEYS and not custom:
                close = nearest(name, KORE_ROUTE_KEYS)
                yield Problem(path=here, message="unknown condition", nearest=close)
            if not values or not all(values):
                yield Problem(path=here, message="expected a value, or a list of them")
        catch_all = catch_all or ("" if route.when else path)


def lacking_to_kore(spec: ToKore) -> Iterator[Problem]:
    """Give what [to_kore] has to say before anything can be created in Kore.

    The routes fall back to it, so that it is needed beside them.
    """
    for key, meaning in _NEEDED.items():
        if not getattr(spec, key).strip():
            path = dotted("to_kore", key)
            yield Problem(path=path, message=f"missing: expected {meaning}")
