"""One command, as a process of its own runs it; gives what it took and printed."""

import contextlib
import io
import json
import os
import sys
import time

from benchmarks.child import answer, options, peak_mb


def main() -> None:
    """Run it; CPU time includes the start of Python and all imports."""
    asked = options()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    began = time.perf_counter()
    from caseferry.__main__ import spare_collector  # noqa: PLC0415 - counted
    from caseferry.cli import main as run  # noqa: PLC0415

    spare_collector()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run([*asked["words"], "--json"])
    wall_s, cpu_s = time.perf_counter() - began, time.process_time()
    if code not in (0, 3, 4, 6):
        sys.exit(printed.getvalue())
    answer(
        wall_s=wall_s,
        cpu_s=cpu_s,
        peak_mb=peak_mb(),
        exit_code=code,
        told=json.loads(printed.getvalue()),
    )


if __name__ == "__main__":
    main()
