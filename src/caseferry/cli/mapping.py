"""`mapping check`, `show`, `suggest`, `accept`: what becomes what, and who said so."""

from pathlib import Path

import click

from caseferry.cli.accepted import acceptance_if_any, accepted_words
from caseferry.cli.files import write_page
from caseferry.cli.mapping_accept import mapping_accept
from caseferry.cli.mapping_coverage import look
from caseferry.cli.mapping_suggest import mapping_suggest
from caseferry.cli.options import Command, Group, Invocation
from caseferry.cli.result import ExitCode, Result
from caseferry.config import find_config, find_mapping
from caseferry.errors import MappingError
from caseferry.mapping.compile import Mapper, compile_mapping
from caseferry.mapping.show import mapping_tables
from caseferry.mapping.spec import parse_mapping
from caseferry.model.record import System
from caseferry.report.pages.tables_page import tables_page
from caseferry.report.text import plural, table


@click.group(cls=Group, example="caseferry mapping show")
def mapping() -> None:
    """Check, show, suggest and accept what becomes what."""


mapping.add_command(mapping_suggest)
mapping.add_command(mapping_accept)


@mapping.command("check", cls=Command, example="caseferry mapping check")
@click.option("--read", is_flag=True, help="Read both systems; write to neither.")
@click.option(
    "--from",
    "source",
    type=click.Choice(["kore", "casemgr"]),
    help="Look only at what is carried from this system.",
)
@click.pass_obj
def mapping_check(invocation: Invocation, *, read: bool, source: str | None) -> Result:
    """Check the mapping as a whole, and against what occurs.

    First the mapping itself, its examples included; then whether it covers every value
    that the last run has read. Asks no system unless --read is given. Ends with 3 when
    something that occurs is not covered.
    """
    path, mapper = _read(invocation)
    sources = tuple(System) if source is None else (System(source),)
    problems = mapper.check_examples()
    if problems:
        count = plural(len(problems), "example")
        text = f"{path.name}: {count} came out differently"
        raise MappingError(text, problems=problems, path=str(path))
    spec = mapper.spec
    data = {
        "path": str(path),
        "digest": mapper.digest,
        "title": spec.title,
        "examples": len(spec.example),
        "departments": list(mapper.departments),
        "attributes": {k: list(v) for k, v in mapper.custom_attributes.items()},
    }
    rows = [
        ("file", str(path)),
        ("title", spec.title),
        ("digest", mapper.digest),
        ("lands in", ", ".join(mapper.departments)),
        ("examples", f"{len(spec.example)}, all as expected"),
    ]
    covered = look(invocation, mapper, sources, read=read)
    return Result(
        data=data | {"coverage": covered.data},
        lines=["The mapping holds together", *table(rows), *covered.lines()],
        exit_code=ExitCode.PARTIAL if covered.uncovered else ExitCode.DONE,
    )


@mapping.command("show", cls=Command, example="caseferry mapping show --html map.html")
@click.option("--html", metavar="FILE", help="Write it as a page; mode 0600.")
@click.pass_obj
def mapping_show(invocation: Invocation, *, html: str | None) -> Result:
    """Show the mapping as tables, with a digest to sign.

    Reads no system.
    """
    path, mapper = _read(invocation)
    found = acceptance_if_any(invocation, mapper.digest)
    accepted = None if found is None else found.data
    first, *others = mapping_tables(mapper)
    title, header, rows = first
    signed = (title, header, [*rows, ("accepted by", accepted_words(accepted))])
    tables = [signed, *others]
    data = {
        "path": str(path),
        "digest": mapper.digest,
        "accepted": accepted,
        "tables": [
            {"title": title, "header": list(header), "rows": [list(r) for r in rows]}
            for title, header, rows in tables
        ],
    }
    if html is not None:
        write_page(invocation.env.cwd / html, tables_page("Mapping", "Mapping", tables))
        return Result(data=data, lines=[f"Wrote {html}", f"Digest {mapper.digest}"])
    lines: list[str] = []
    for title, header, rows in tables:
        lines += [title, *table(rows, header), ""]
    return Result(data=data, lines=lines[:-1])


def _read(invocation: Invocation) -> tuple[Path, Mapper]:
    """Read the mapping; the rest of the configuration may still be unfinished."""
    env = invocation.env
    file = find_config(invocation.config, env.variables, env.cwd)
    path = find_mapping(file, env.variables)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise MappingError(
            f"{path} cannot be read: {why}",
            hint="set mapping.path in the configuration; `caseferry init` writes one",
            path=str(path),
        ) from error
    return path, compile_mapping(parse_mapping(text, name=path.name))
