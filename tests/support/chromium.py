"""The Chromium of this machine, for tests that look at pages; none is downloaded."""

import os
import shutil
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def find_chromium() -> str | None:
    """Give the program, or None; CASEFERRY_CHROMIUM names another one."""
    named = os.environ.get("CASEFERRY_CHROMIUM")
    found = [named] if named else [shutil.which(name) for name in _NAMES]
    found += [] if named else [path for path in _MAC if Path(path).exists()]
    return next(filter(None, found), None)
