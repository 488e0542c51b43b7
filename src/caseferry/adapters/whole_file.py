"""A file that others read at any moment: always the old one or the new one, whole."""

import errno
import os
from pathlib import Path


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file at one stroke; it is on the disk when this returns.

    Args:
        path: its folder has to exist; a hidden file stands there meanwhile.
        text: as UTF-8.
        mode: whatever the umask says.

    Raises:
        OSError: it could not be written; the old file is as it was.
    """
    need_replaceable(path)
    # The name ends in no suffix that a collector looks for, and the process makes it
    # its own: a rest that a kill left is overwritten sooner or later.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            os.fchmod(number, mode)
            file.write(text)
            file.flush()
            os.fsync(number)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def need_replaceable(path: Path) -> None:
    """Make sure that no device or pipe, such as `/dev/null`, stands in a file's place.

    Raises:
        OSError: one does.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def _sync(folder: Path) -> None:
    """Make the new name durable."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
