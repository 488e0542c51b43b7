"""`resolve`: say which side counts; the next run carries it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from caseferry.adapters.clock import SystemClock
from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import read_mapping, reading_state
from caseferry.cli.disputed import Asked, asked, asked_data, desk_of
from caseferry.cli.options import Command, Invocation, dry_run_option
from caseferry.cli.recorded import recorded
from caseferry.cli.result import ExitCode, Result
from caseferry.cli.running import find_key, next_command
from caseferry.engine.conflicts import Disputed
from caseferry.engine.conflicts import resolve as settle
from caseferry.errors import UserError
from caseferry.mapping.compile import Mapper
from caseferry.model.direction import NAMES
from caseferry.model.record import Key, System
from caseferry.reconcile.conflicts import Conflict
from caseferry.report.text import plural, shown, visible, wrapped

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a person typed."""

    keys: tuple[str, ...]
    everything: bool
    field: str | None
    take: System

    def inputs(self) -> dict[str, str]:
        """Give it for the history."""
        given = {"take": self.take.value, "field": self.field or ""}
        given["keys"] = "all" if self.everything else " ".join(self.keys)
        return {name: value for name, value in given.items() if value}


@click.command(cls=Command, example="caseferry resolve CS004711 --take kore")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all", "everything", is_flag=True, help="Every open conflict.")
@click.option("--field", metavar="NAME", help="This field only, by either side's name.")
@click.option(
    "--take",
    required=True,
    type=click.Choice([system.value for system in System]),
    help="The side whose value counts.",
)
@dry_run_option("Show which conflicts would be settled; change nothing.")
@click.pass_obj
def resolve(
    invocation: Invocation,
    *,
    keys: tuple[str, ...],
    everything: bool,
    field: str | None,
    take: str,
    dry_run: bool,
) -> Result:
    """Settle conflicts: say which side's value counts.

    Sends nothing: the next sync writes it to the other side. Where that changes again
    before, it is a conflict again.
    """
    if bool(keys) == everything:
        raise UserError("which ones?", hint="name a KEY, or --all; `conflicts` lists")
    wish = _Wish(keys=keys, everything=everything, field=field, take=System(take))
    config = invocation.load().config
    mapper = read_mapping(config)
    with reading_state(config) as store:
        chosen, left = _chosen(store, mapper, wish)
        told = _Told(wish=wish, chosen=chosen, left=left, next=next_command(store))
    if dry_run or not chosen:
        return told.result("Would settle", is_dry=True)
    if not invocation.yes:
        invocation.explain(told.lines())
    if not invocation.consent(f"Take {NAMES[wish.take]}'s side?"):
        return Result(
            data=told.data(is_dry=False) | {"resolved": []},
            lines=["Nothing was changed."],
        )
    with recorded(invocation, wish.inputs()) as (writable, run):
        now, _ = _chosen(writable, mapper, wish)
        same = {_shown_as(one) for one in chosen}  # a run may have gone in between
        told = replace(told, chosen=[one for one in now if _shown_as(one) in same])
        _settle(writable, told.chosen, wish.take, run)
    return told.result("Settled", run=run)


def _shown_as(one: Asked) -> tuple[Key, Conflict | None]:
    return one.pair.link.kore, one.conflict


def _settle(store: SqliteStore, chosen: list[Asked], take: System, run: int) -> None:
    pairs: dict[Key, Disputed] = {one.pair.link.kore: one.pair for one in chosen}
    for key, pair in pairs.items():
        own = [one.conflict for one in chosen if one.pair.link.kore == key]
        settle(store, pair, [c for c in own if c is not None], take=take, run=run)


def _chosen(
    store: SqliteStore, mapper: Mapper, wish: _Wish
) -> tuple[list[Asked], list[Asked]]:
    """Give the conflicts that are meant: those that can be settled so, and the others.

    Raises:
        UserError: a key is unknown, or nothing of it is in conflict.
    """
    desk = desk_of(store, mapper, SystemClock().now())
    if wish.everything:
        found = list(asked(store, desk.open()))
    else:
        found = []
        for text in wish.keys:
            own = list(asked(store, desk.pairs([find_key(store, text)])))
            if not [one for one in own if _is_meant(one, wish)]:
                raise _not_in_conflict(text, own, wish.field)
            found += [one for one in own if one not in found]
    meant = [one for one in found if _is_meant(one, wish)]
    can = [one for one in meant if wish.take in one.typed]
    return can, [one for one in meant if wish.take not in one.typed]


def _is_meant(one: Asked, wish: _Wish) -> bool:
    if wish.field is None or one.conflict is None:
        return wish.field is None
    return one.conflict.answers_to(wish.field)


def _not_in_conflict(text: str, own: Sequence[Asked], field: str | None) -> UserError:
    names = {one.conflict.kore_field for one in own if one.conflict is not None}
    if field is None or not names:
        return UserError(
            f"{text} has no open conflict",
            code="no-conflict",
            hint="`caseferry conflicts` lists what is open",
        )
    return UserError(
        f"{text} has no open conflict on a field {field!r}",
        code="no-conflict",
        hint=f"open on: {', '.join(sorted(names))}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What is settled, and what cannot be settled so."""

    wish: _Wish
    chosen: list[Asked]
    left: list[Asked]
    next: str

    def lines(self) -> list[str]:
        """Give one line for each conflict, with the value that will count."""
        lines = [self._line(one) for one in self.chosen[:_SHOWN]]
        if len(self.chosen) > _SHOWN:
            lines.append(f"  … and {len(self.chosen) - _SHOWN} more")
        return lines

    def _line(self, one: Asked) -> str:
        conflict, kore = one.conflict, self.wish.take is System.KORE
        if conflict is None:
            return f"  {one.number or one.pair.link.kore}"
        value = shown(conflict.kore if kore else conflict.casemgr)
        other = shown(conflict.casemgr if kore else conflict.kore)
        name = visible(one.number or one.pair.link.kore)
        return f"  {name} {visible(conflict.kore_field)}: {value}, not {other}"

    def data(self, *, is_dry: bool) -> dict[str, object]:
        """Give the JSON data."""
        return {
            "take": self.wish.take.value,
            "dry_run": is_dry,
            "resolved": [asked_data(one) for one in self.chosen],
            "left": [asked_data(one) for one in self.left],
        }

    def result(
        self, word: str, *, is_dry: bool = False, run: int | None = None
    ) -> Result:
        """Give the result; what cannot be settled so is left, and makes it partial."""
        count = plural(len(self.chosen), "conflict")
        lines = [f"{word} {count}: {NAMES[self.wish.take]}'s side", *self.lines()]
        for one in self.left[:_SHOWN]:
            name = visible(one.number or one.pair.link.kore)
            field = f" {one.conflict.kore_field}" if one.conflict else ""
            why = one.cannot[self.wish.take]
            lines += wrapped(f"{name}{field} is left: {why}", "  ", "    ")
        if run is not None:
            lines += ["", "Next:", f"  {self.next}   (carries it)"]
        code = ExitCode.CONFLICTS if self.left else ExitCode.DONE
        return Result(
            data=self.data(is_dry=is_dry), lines=lines, exit_code=code, run=run
        )
