"""Files that a command writes for a person; contents of records are private."""

import os
from pathlib import Path

from caseferry.errors import UserError

_PRIVATE = 0o600


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; replaces one that exists.

    Raises:
        UserError: it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        number = os.open(path, flags, _PRIVATE)
        with os.fdopen(number, "w", encoding="utf-8", errors="replace") as file:
            os.fchmod(number, _PRIVATE)
            file.write(text)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}",
            code="file-unwritable",
            hint="name another file",
            path=str(path),
        ) from error
