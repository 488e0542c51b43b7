"""`init`: a configuration and a mapping to start from; never overwrites."""

from pathlib import Path

import click

from caseferry.bootstrap import MAPPING_NAME, default_mapping
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.config import config_text
from caseferry.errors import UserError


@click.command(cls=Command, example="caseferry init --dir migration")
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    default=".",
    help="Where to write; made when it does not exist.",
)
@click.pass_obj
def init(invocation: Invocation, folder: str) -> Result:
    """Write a configuration and a mapping to start from.

    Nothing is overwritten. `check` fails until what is "" is filled in.
    """
    target = invocation.env.cwd / folder
    files = write_start(target, config_text())
    lines = [
        *(f"Wrote {path}" for path in files),
        "",
        "Next:",
        '  1. Fill in what is "" in caseferry.toml: where the two systems are.',
        "  2. Set the secrets: CASEFERRY_KORE_CLIENT_SECRET and",
        "     CASEFERRY_CASEMGR_CLIENT_SECRET, or as the file says.",
        f"  3. Make mappings/{MAPPING_NAME} yours: it decides what becomes what.",
        "  4. caseferry check --offline, then caseferry check.",
        "     Both fail until then, and say what is missing.",
    ]
    return Result(data={"files": [str(path) for path in files]}, lines=lines)


def write_start(folder: Path, config: str) -> list[Path]:
    """Write a configuration with the default mapping beside it.

    Raises:
        UserError: one of the files exists; nothing was written.
    """
    texts = {
        folder / "caseferry.toml": config,
        folder / "mappings" / MAPPING_NAME: default_mapping(),
    }
    taken = [str(path) for path in texts if path.exists()]
    if taken:
        raise UserError(
            f"{' and '.join(taken)} exists; nothing was written",
            code="file-exists",
            hint="name another directory with --dir, or move the file away",
            path=taken[0],
        )
    try:
        (folder / "mappings").mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be written: {error.strerror}",
            code="file-unwritable",
            hint="name another directory with --dir",
        ) from error
    return list(texts)
