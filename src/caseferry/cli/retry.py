"""`retry`: take records up again that were set aside."""

from difflib import get_close_matches

import click

from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import reading_state
from caseferry.cli.options import Command, Invocation, dry_run_option
from caseferry.cli.recorded import recorded
from caseferry.cli.result import Result
from caseferry.cli.running import find_key, next_command
from caseferry.codes import code_named, names_like
from caseferry.engine.relink import UNDONE, undone_keys
from caseferry.engine.relink import retry as take_up
from caseferry.errors import UserError
from caseferry.model.link import Hold, HoldKind
from caseferry.model.record import Key
from caseferry.report.text import plural

_BY_ALL = (HoldKind.QUARANTINE, HoldKind.SET_ASIDE, HoldKind.WAITING)
_SHOWN = 20


@click.command(cls=Command, example="caseferry retry --reason customer-ambiguous")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option(
    "--all", "everything", is_flag=True, help="All but uncertain ones and conflicts."
)
@click.option("--reason", metavar="CODE", help="All with this cause.")
@dry_run_option("Show which ones; change nothing.")
@click.pass_obj
def retry(
    invocation: Invocation,
    *,
    keys: tuple[str, ...],
    everything: bool,
    reason: str | None,
    dry_run: bool,
) -> Result:
    """Take up again what was set aside.

    The next run looks at it, though it did not change, and plans it anew. Of an
    uncertain record this says: it had no effect, create it again. So uncertain ones are
    taken up only by KEY or --reason. A parted record is taken up by KEY, and joined
    again. What an undo took back is made again: all of it with --reason undone, or a
    case with its tasks by KEY.
    """
    if not keys and not everything and reason is None:
        raise UserError(
            "which ones?", hint="name a KEY, --reason CODE or --all; `quarantine` lists"
        )
    with reading_state(invocation.load().config) as store:
        held, parted = _chosen(store, keys, reason, everything=everything)
    count = len(held) + len(parted)
    names = [*(hold.key for hold in held), *parted]
    lines = [f"  {name}" for name in names[:_SHOWN]]
    if count > _SHOWN:
        lines.append(f"  … and {count - _SHOWN} more")
    data = {"keys": names, "dry_run": dry_run}
    if dry_run or not count:
        return Result(
            data=data, lines=[f"Would take up {plural(count, 'record')}", *lines]
        )
    if not invocation.consent(f"Take up {plural(count, 'record')} again?"):
        return Result(data=data | {"keys": []}, lines=["Nothing was changed."])
    with recorded(
        invocation, {"reason": reason or "", "keys": " ".join(keys)}
    ) as begun:
        store, run = begun
        held, parted = _chosen(store, keys, reason, everything=everything)
        take_up(store, run, held, parted)
        command = next_command(store)
    lines = [f"Took up {plural(count, 'record')}", *lines]
    lines += ["", "Next:", f"  {command}"]
    return Result(data=data, lines=lines, run=run)


def _chosen(
    store: SqliteStore, keys: tuple[str, ...], reason: str | None, *, everything: bool
) -> tuple[list[Hold], list[Key]]:
    """Give the holds and the parted records that are meant.

    Raises:
        UserError: a key is unknown, or neither held nor parted; there is no such code.
    """
    holds = store.holds()
    if reason is not None:
        _need_code(reason, {hold.code for hold in holds.values()})
    chosen: dict[Key, Hold] = {}
    if everything:
        chosen |= {k: h for k, h in holds.items() if h.kind in _BY_ALL}
    if reason is not None:
        chosen |= {k: h for k, h in holds.items() if h.code == reason}
    parted: list[Key] = undone_keys(store) if reason == UNDONE else []
    for text in keys:
        key = find_key(store, text)
        link = store.link(key)
        own = (key,) if link is None else (link.kore, link.casemgr)
        held = {each: holds[each] for each in own if each in holds}
        if link is not None and link.tombstone:
            parted.append(link.kore)
        elif held:
            chosen |= held
        else:
            raise UserError(
                f"{key} is neither held nor parted",
                code="key-not-held",
                hint="`caseferry quarantine` lists what is held",
            )
    return list(chosen.values()), parted


def _need_code(reason: str, held: set[str]) -> None:
    """Make sure that a code was not mistyped.

    Raises:
        UserError: there is none of that name.
    """
    if reason in held or code_named(reason) is not None:
        return
    close = get_close_matches(reason.lower(), sorted(held)) or names_like(reason)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    raise UserError(
        f"there is no code {reason!r}",
        code="code-unknown",
        hint=f"{hint}`caseferry quarantine` lists what is held, by code",
    )
