"""`verify`: both sides read anew and compared; the proof."""

from dataclasses import asdict
from typing import Any

import click

from caseferry.cli.accepted import accepted_mapping
from caseferry.cli.files import write_page, write_private
from caseferry.cli.operator import operator
from caseferry.cli.options import Command, Invocation, only_option
from caseferry.cli.result import ExitCode, Result
from caseferry.cli.running import Begun, begun, case_of, find_key, last_direction
from caseferry.engine.to_kore.verify import verify_to_kore
from caseferry.engine.verify import verify as verify_pairs
from caseferry.model.direction import Direction
from caseferry.report.pages.verify_page import verify_page
from caseferry.report.verified import Proof, csv_text, proof_lines


@click.command(cls=Command, example="caseferry verify --csv differences.csv")
@click.option("--html", metavar="FILE", help="Write the proof as a page; mode 0600.")
@click.option("--csv", metavar="FILE", help="Write all differences; mode 0600.")
@only_option()
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only N cases; the same ones each time.",
)
@click.pass_obj
def verify(
    invocation: Invocation,
    *,
    html: str | None,
    csv: str | None,
    only: tuple[str, ...],
    sample: int | None,
) -> Result:
    """Compare both sides anew, record by record.

    In the direction of the last migration. Writes to neither system. Ends with 3 when
    something differs, is missing, is there twice or waits for somebody.
    """
    inputs = {"only": " ".join(only), "sample": str(sample or "")}
    with begun(invocation, {k: v for k, v in inputs.items() if v}) as this:
        store, clock = this.run.store, this.run.clock
        started, began = clock.monotonic(), this.run.now()
        direction = last_direction(store)
        source = direction.source
        keys = tuple(case_of(store, find_key(store, text), source) for text in only)
        compare = verify_to_kore if direction is Direction.TO_KORE else verify_pairs
        found = compare(this.run.context, only=keys, sample=sample)
        scope = {"only": list(keys), "sample": sample}
        proof = Proof(
            data=_heading(this, direction, scope, began)
            | found.data
            | {"duration_s": round(clock.monotonic() - started, 1)},
            differences=found.differences,
            run=this.number,
        )
        this.exit_code, this.summary = found.exit_code, _without_values(proof)
    lines = proof_lines(proof)
    cwd = invocation.env.cwd
    if csv is not None:
        write_private(cwd / csv, csv_text(proof.differences))
        lines.append(f"Wrote {csv}")
    if html is not None:
        write_page(cwd / html, verify_page(proof))
        lines.append(f"Wrote {html}")
    if found.exit_code == ExitCode.PARTIAL:
        lines += ["", "Next:", "  caseferry explain KEY   (one record's whole story)"]
    return Result(
        data=proof.data, lines=lines, exit_code=found.exit_code, run=proof.run
    )


def _heading(
    this: Begun, direction: Direction, scope: dict[str, Any], began: str
) -> dict[str, Any]:
    """Give what a proof was made of, by whom and when."""
    config, store = this.loaded.config, this.run.store
    counters = this.run.systems.counters
    return {
        "direction": str(direction),
        "pair": asdict(this.run.context.settings.pair),
        "scope": scope,
        "mapping": accepted_mapping(store.facts, this.mapper.digest),
        **operator(config),
        "began": began,
        "ended": this.run.now(),
        "requests": {name: counter.sent for name, counter in counters.items()},
    }


def _without_values(proof: Proof) -> dict[str, object]:
    """Give what the history keeps: counts, no contents of records."""
    return {k: v for k, v in proof.data.items() if k != "differences"}
