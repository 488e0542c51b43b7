"""`mapping suggest`: a starter mapping from what both systems hold."""

from collections.abc import Mapping
from typing import Any

import click

from caseferry.bootstrap import default_mapping, reading_state
from caseferry.cli.files import need_free, write_new
from caseferry.cli.observed import Reading, known, read_now, readings
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.config import Config
from caseferry.mapping.harvest import Harvest
from caseferry.mapping.spec import parse_mapping
from caseferry.mapping.suggest import Suggestion, suggest
from caseferry.mapping.suggest_ground import Ground
from caseferry.model.record import System
from caseferry.report.coverage import ask_lines
from caseferry.report.text import plural, wrapped


@click.command(
    "suggest", cls=Command, example="caseferry mapping suggest --out my.toml"
)
@click.option("--out", metavar="FILE", help="Write it there; never overwrites.")
@click.option(
    "--read", is_flag=True, help="Read both systems, also if a run did before."
)
@click.pass_obj
def mapping_suggest(invocation: Invocation, *, out: str | None, read: bool) -> Result:
    """Suggest a mapping from what both systems hold.

    Everything found appears in it, matched where names agree; the rest is marked
    FILL-IN, and no command uses the mapping before. Looks at what a run has read;
    what none did it reads first. Writes to neither system.
    """
    target = invocation.env.cwd / out if out is not None else None
    if target is not None:
        need_free(target)
    config = invocation.load().config
    have = {} if read else known(config)
    missing = [system for system in System if system not in have]
    if missing:
        loaded = invocation.load(secrets="read")
        departments = loaded.config.casemgr.departments
        read_now(invocation, loaded, missing, departments)
    harvest, looked = _harvest(config)
    found = suggest(_ground(config, harvest))
    data = _data(found, looked)
    if target is None:
        if not invocation.json:
            invocation.explain(_asked(found))
        return Result(data=data | {"text": found.text}, lines=found.text.splitlines())
    write_new(target, found.text)
    lines = [f"Wrote {target}", "", *_asked(found), "", "Next:", *_next(str(out))]
    return Result(data=data | {"file": str(target)}, lines=lines)


def _harvest(config: Config) -> tuple[Harvest, Mapping[System, Reading]]:
    harvest = Harvest()
    with reading_state(config) as store:
        looked = readings(store)
        for reading in looked.values():
            for record in reading.records(store):
                harvest.add(record)
    return harvest, looked


def _ground(config: Config, harvest: Harvest) -> Ground:
    return Ground(
        harvest=harvest,
        default=parse_mapping(default_mapping()),
        departments=tuple(config.casemgr.departments),
        keys={
            "case": config.casemgr.case_key_attribute,
            "task": config.casemgr.activity_key_attribute,
        },
    )


def _data(found: Suggestion, looked: Mapping[System, Reading]) -> dict[str, Any]:
    return {
        "looked_at": {system.value: looked[system].data() for system in looked},
        "fill_in": [
            {"path": place.path, "why": place.why, "records": place.records}
            for place in found.asked
        ],
    }


def _asked(found: Suggestion) -> list[str]:
    head = f"{plural(len(found.asked), 'line')} to fill in:"
    return [head, *ask_lines((a.path, a.why, a.records) for a in found.asked)]


def _next(out: str) -> list[str]:
    text = f"fill {out} in, name it as mapping.path of the configuration, then"
    return [*wrapped(text, "  ", "  "), "  caseferry mapping check"]
