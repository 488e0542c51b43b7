"""Files that a command writes for a person; contents of records are private."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from caseferry.adapters.whole_file import need_replaceable
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
            if stat.S_ISREG(os.fstat(number).st_mode):  # not `/dev/null`
                os.fchmod(number, _PRIVATE)
            file.write(text)
    except OSError as error:
        raise _unwritable(path, error) from error


def write_page(path: Path, pieces: Iterable[str]) -> None:
    """Write a page that only its owner may read, piece by piece.

    Raises:
        UserError: it cannot be written.
    """
    write_private_chunks(path, (piece.encode(errors="replace") for piece in pieces))


def write_private_chunks(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Replaces one that exists; memory does not grow with the file.

    Raises:
        UserError: it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        need_replaceable(path)
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, _PRIVATE)
            for chunk in chunks:
                file.write(chunk)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def need_free(path: Path) -> None:
    """Make sure that a file can be made without overwriting one.

    Raises:
        UserError: it exists.
    """
    if path.exists() or path.is_symlink():
        raise _taken(path)


def write_new(path: Path, text: str) -> None:
    """Write a file that only its owner may read; never overwrites.

    Raises:
        UserError: it exists, or cannot be written.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path} cannot be written: {error.strerror}",
        code="file-unwritable",
        hint="name another file",
        path=str(path),
    )


def _taken(path: Path) -> UserError:
    return UserError(
        f"{path} exists; nothing was written",
        code="file-exists",
        hint="name another file, or move this one away",
        path=str(path),
    )
