"""Profiles of what a benchmark measures, for whoever wants to know where time goes."""

import cProfile
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def profiled(step: Callable[[], T], folder: str | None, name: str) -> T:
    """Do a step; with a folder, write cProfile's data of it there."""
    if folder is None:
        return step()
    profile = cProfile.Profile()
    try:
        return profile.runcall(step)
    finally:
        profile.dump_stats(str(Path(folder) / f"{name}.prof"))
        print(f"profile of {name} in {folder}", file=sys.stderr)
