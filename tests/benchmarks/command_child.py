"""One command, as a process of its own runs it; gives what it took and printed."""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.child import answer, options, peak_mb

_FINE = (0, 3, 4, 6)


def main() -> None:
    """Run it, twice where that is asked for.

    CPU time includes the start of Python and all imports, but for `again_s`: that of
    the second time.
    """
    asked = options()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    began = time.perf_counter()
    from caseferry.__main__ import spare_collector  # noqa: PLC0415 - counted
    from caseferry.cli import main as run  # noqa: PLC0415

    spare_collector()
    told, code = _told(run, asked["words"])
    figures = {
        "wall_s": time.perf_counter() - began,
        "cpu_s": time.process_time(),
        "peak_mb": peak_mb(),
    }
    if asked.get("again"):
        before = time.process_time()
        _told(run, asked["words"])
        figures["again_s"] = time.process_time() - before
    answer(**figures, exit_code=code, told=told)


def _told(run: Callable[[list[str]], int], words: list[str]) -> tuple[Any, int]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run([*words, "--json"])
    if code not in _FINE:
        sys.exit(printed.getvalue())
    return json.loads(printed.getvalue()), code


if __name__ == "__main__":
    main()
