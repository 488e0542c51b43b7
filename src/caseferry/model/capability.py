"""What a tenant turned out to do where the documents leave a question open."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from caseferry.model.record import System

State = Literal["settled", "open"]
_FACT = "capability."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a tenant, with how it was found.

    Attributes:
        name: stable, without the system: `page_params`, `date_filter_names`.
        value: JSON-shaped; None while open.
        evidence: what was asked and what came, in words; no contents of records.
        at: canonical time.
        state: open where only a write can tell, or the data did not.
    """

    system: System
    name: str
    value: object = None
    evidence: str = ""
    at: str = ""
    state: State = "settled"

    @property
    def fact(self) -> str:
        """The name under which a state keeps it."""
        return f"{_FACT}{self.system}.{self.name}"

    def shown(self) -> dict[str, object]:
        """Give it in the shape of the JSON output, without its name."""
        found = asdict(self)
        return {name: found[name] for name in ("value", "evidence", "at", "state")}

    def text(self) -> str:
        """Spell it for the state."""
        return json.dumps(self.shown(), ensure_ascii=False, sort_keys=True)


def answer_from(fact: str, text: str) -> Answer:
    """Read an answer that a state kept."""
    system, _, name = fact.removeprefix(_FACT).partition(".")
    return Answer(system=System(system), name=name, **json.loads(text))


def answers_in(facts: Callable[[str], Mapping[str, str]]) -> dict[str, Answer]:
    """Give the answers that a state keeps, by fact.

    Args:
        facts: gives all facts whose name begins so.
    """
    return {name: answer_from(name, text) for name, text in facts(_FACT).items()}


def value_in(answers: Mapping[str, Answer], system: System, name: str) -> object:
    """Give the settled value of a question; None while it is open or was not asked."""
    answer = answers.get(f"{_FACT}{system}.{name}")
    return answer.value if answer is not None and answer.state == "settled" else None
