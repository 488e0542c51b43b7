"""`link`, `unlink`, `links rebuild`: which record is which, by a person's word."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import reading_state
from caseferry.cli.options import Command, Group, Invocation, dry_run_option
from caseferry.cli.recorded import recorded
from caseferry.cli.result import ExitCode, Result
from caseferry.cli.running import Begun, begun, find_key
from caseferry.engine.context import Context
from caseferry.engine.relink import link_twins, rebuild
from caseferry.engine.relink import unlink as part
from caseferry.report.text import plural


@click.command(cls=Command, example="caseferry link CS004711 casemgr:case:1003")
@click.argument("one", metavar="KEY")
@click.argument("other", metavar="KEY")
@dry_run_option("Check that they can be joined; change nothing.")
@click.pass_obj
def link(invocation: Invocation, *, one: str, other: str, dry_run: bool) -> Result:
    """Join twins that somebody made by hand.

    One key of each system. What both hold now is taken for agreed; nothing is sent.
    """
    if not dry_run:
        invocation.need_consent()
    with begun(invocation, {"keys": f"{one} {other}"}) as this:
        store = this.run.store
        pair = find_key(store, one), find_key(store, other)
        question = f"Join {pair[0]} with {pair[1]}?"
        if dry_run:
            with rehearsal(this) as context:
                made = link_twins(context, *pair)
        elif _agreed(invocation, this, question):
            made = link_twins(this.run.context, *pair)
        else:
            this.exit_code = ExitCode.DONE
            return Result(lines=["Nothing was changed."], run=this.number)
        this.exit_code = ExitCode.DONE
    word = "Would join" if dry_run else "Joined"
    data = {"kore": made.kore, "casemgr": made.casemgr, "dry_run": dry_run}
    return Result(
        data=data, lines=[f"{word} {made.kore} with {made.casemgr}"], run=this.number
    )


@click.command(cls=Command, example="caseferry unlink CS004711")
@click.argument("key", metavar="KEY")
@dry_run_option("Show what would be parted; change nothing.")
@click.pass_obj
def unlink(invocation: Invocation, *, key: str, dry_run: bool) -> Result:
    """Part a record from its counterpart.

    Nothing is made from it until `retry`; nothing is sent.
    """
    with reading_state(invocation.load().config) as store:
        found = find_key(store, key)
        known = store.link(found)
    other = known.casemgr if known is not None else "nothing"
    what = f"{known.kore if known else found} from {other}"
    data = {"key": found, "dry_run": dry_run}
    if dry_run:
        return Result(data=data, lines=[f"Would part {what}"])
    if known is not None and not invocation.consent(f"Part {what}?"):
        return Result(data=data, lines=["Nothing was changed."])
    with recorded(invocation, {"keys": found}) as (writable, run):
        parted = part(writable, found)
    data |= {"kore": parted.kore, "casemgr": parted.casemgr}
    lines = [
        f"Parted {what}",
        "",
        "Next:",
        f"  caseferry retry {parted.kore}   (to join them again)",
    ]
    return Result(data=data, lines=lines, run=run)


@click.group(cls=Group, example="caseferry links rebuild")
def links() -> None:
    """Restore links that the state has lost."""


@links.command("rebuild", cls=Command, example="caseferry links rebuild --dry-run")
@dry_run_option("Show how many; keep nothing.")
@click.pass_obj
def links_rebuild(invocation: Invocation, *, dry_run: bool) -> Result:
    """Restore a lost state from the correlation keys.

    Reads both systems whole; writes to neither.
    """
    if not dry_run:
        invocation.need_consent()
    with begun(invocation, {"dry_run": "yes"} if dry_run else {}) as this:
        question = "Read both systems and restore the links?"
        if dry_run:
            with rehearsal(this) as context:
                adopted = rebuild(context)
        elif _agreed(invocation, this, question):
            adopted = rebuild(this.run.context)
        else:
            this.exit_code = ExitCode.DONE
            return Result(lines=["Nothing was changed."], run=this.number)
        data = {
            "activities": adopted.records,
            "links": adopted.links,
            "twice": adopted.twice,
            "strangers": adopted.strangers,
            "dry_run": dry_run,
        }
        code = ExitCode.PARTIAL if adopted.twice or adopted.strangers else ExitCode.DONE
        this.exit_code, this.summary = code, data
    word = "Would restore" if dry_run else "Restored"
    lines = [
        f"{word} {plural(adopted.links, 'link')}",
        f"  {plural(adopted.records, 'activity', 'activities')} read",
        f"  {plural(adopted.twice, 'key')} found twice",
        f"  {plural(adopted.strangers, 'key')} of records that Kore does not show",
    ]
    return Result(data=data, lines=lines, exit_code=code, run=this.number)


@contextmanager
def rehearsal(this: Begun) -> Iterator[Context]:
    """Give the run's context on a copy of the state, which is thrown away."""
    with TemporaryDirectory(prefix="caseferry-") as folder:
        copy = Path(folder) / "state.db"
        this.run.store.backup(copy)
        with SqliteStore.open(copy) as store:
            yield replace(this.run.context, store=store)


def _agreed(invocation: Invocation, this: Begun, question: str) -> bool:
    this.progress.pause()
    agreed = invocation.consent(question)
    this.progress.go_on()
    return agreed
