"""The guards of a run, and the mapping it acknowledges."""

from caseferry.engine.context import Context
from caseferry.engine.tally import Tally
from caseferry.model.acceptance import PREFIX, acceptance_in
from caseferry.reconcile.guard import Figures, GuardFigure, Limits, judge

_MAPPING = "mapping.digest"


def judged(context: Context, tally: Tally, limits: Limits) -> tuple[GuardFigure, ...]:
    """Give the guards with the figures of a plan; some may refuse it."""
    mapper = context.mapper
    problems = tuple(str(p) for p in mapper.accepted(tally.losses))
    known = context.store.get_fact(_MAPPING)
    any_link = next(context.store.links(), None) is not None
    figures = Figures(
        linked=tally.linked,
        counts=tally.figures,
        losses=problems,
        mapping_changed=known not in (None, mapper.digest)
        and any_link
        and acceptance_in(context.store.facts(PREFIX), mapper.digest) is None,
    )
    return judge(figures, limits, context.allowed)


def acknowledge_mapping(context: Context, *, whole: bool) -> None:
    """Remember the mapping that linked records are carried under from now on.

    A part of them speaks for all only where the operator said so by name.
    """
    store = context.store
    known = store.get_fact(_MAPPING)
    if whole or known is None or "mapping-changed" in context.allowed:
        store.set_fact(_MAPPING, context.mapper.digest)
