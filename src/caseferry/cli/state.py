"""`state backup`, `forget`: the state file itself."""

import click

from caseferry.bootstrap import reading_state
from caseferry.cli.options import Command, Group, Invocation, dry_run_option
from caseferry.cli.recorded import recorded
from caseferry.cli.result import Result
from caseferry.cli.running import find_key


@click.group(cls=Group, example="caseferry state backup caseferry-friday.db")
def state() -> None:
    """Take care of the state file."""


@state.command("backup", cls=Command, example="caseferry state backup friday.db")
@click.argument("file", metavar="FILE")
@click.pass_obj
def state_backup(invocation: Invocation, *, file: str) -> Result:
    """Write a consistent copy of the state.

    Works while a run is going on. Never overwrites; mode 0600.
    """
    target = invocation.env.cwd / file
    with reading_state(invocation.load().config) as store:
        store.backup(target)
    return Result(data={"file": str(target)}, lines=[f"Wrote {target}"])


@click.command(cls=Command, example="caseferry forget CS004711")
@click.argument("key", metavar="KEY")
@dry_run_option("Show which record; change nothing.")
@click.pass_obj
def forget(invocation: Invocation, *, key: str, dry_run: bool) -> Result:
    """Remove one record's contents from the state.

    Both systems stay as they are. Its link stays, so nothing is made twice. The next
    run reads the record again if its system still shows it; of a name that was changed
    since the last run no note tells then.
    """
    with reading_state(invocation.load().config) as store:
        found = find_key(store, key)
    data = {"key": found, "dry_run": dry_run}
    if dry_run:
        return Result(data=data, lines=[f"Would forget {found}"])
    if not invocation.consent(f"Forget what {found} and its counterpart hold?"):
        return Result(data=data, lines=["Nothing was changed."])
    with recorded(invocation, {"key": found}) as (writable, run):
        writable.forget(found)
    return Result(data=data, lines=[f"Forgot {found}"], run=run)
