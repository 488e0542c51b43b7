"""The guards of a run, and the mapping it acknowledges."""

from caseferry.engine.context import Context
from caseferry.engine.tally import Tally
from caseferry.errors import SafetyStop
from caseferry.reconcile.guard import Figures, Limits, check_limits

_MAPPING = "mapping.digest"


def refusals(context: Context, tally: Tally, limits: Limits) -> tuple[SafetyStop, ...]:
    """Give the guards that refuse a plan."""
    mapper = context.mapper
    problems = tuple(str(p) for p in mapper.accepted(tally.losses))
    known = context.store.get_fact(_MAPPING)
    any_link = next(context.store.links(), None) is not None
    figures = Figures(
        linked=tally.linked,
        counts=tally.figures,
        losses=problems,
        mapping_changed=known is not None and known != mapper.digest and any_link,
    )
    return check_limits(figures, limits, context.allowed)


def acknowledge_mapping(context: Context, *, whole: bool) -> None:
    """Remember the mapping that linked records are carried under from now on.

    A part of them speaks for all only where the operator said so by name.
    """
    store = context.store
    known = store.get_fact(_MAPPING)
    if whole or known is None or "mapping-changed" in context.allowed:
        store.set_fact(_MAPPING, context.mapper.digest)
