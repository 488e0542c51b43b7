"""Where a state may be: on a local file system, in a directory that exists, private."""

import os
import re
import sys
from pathlib import Path

from caseferry.errors import StateError

PRIVATE = 0o600
_NETWORK = frozenset(
    {
        "9pnfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs3",
        "nfs4",
        "ocfs2",
        "orangefs",
        "smb2",
        "smb3",
        "smbfs",
        "fuse.ceph",
        "fuse.davfs2",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.smbnetfs",
        "fuse.sshfs",
    }
)


def mount_type(path: str, mounts: str) -> str:
    r"""Give the type of the file system that holds an absolute, resolved path.

    Args:
        path: what to look for.
        mounts: the text of `/proc/mounts`; blanks in it are written `\040`. Of two
            mounts on one place the later one is in force.

    Returns:
        Such as `ext4`; "" when no line fits.
    """
    best, found = "", ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:  # noqa: PLR2004 - device, place, type
            continue
        place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), parts[1])
        inside = path == place or path.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, found = place, parts[2]
    return found


def is_network(filesystem: str) -> bool:
    """Tell whether locks on such a file system are not to be trusted."""
    return filesystem in _NETWORK


def check_place(path: Path, *, mounts: str | None = None) -> None:
    """Refuse a place where a state cannot be or would not be safe; reads only.

    Args:
        path: of the state file; it need not exist.
        mounts: instead of this machine's `/proc/mounts`.

    Raises:
        StateError: `state-path` for what is no file, a missing or unreadable parent;
            `state-network` for a file system that other machines share.
    """
    if path.is_dir():
        raise StateError(
            f"the state {path} is a directory, not a file",
            code="state-path",
            hint=f"set state.path to a file, such as {path / 'caseferry.db'}",
            path=str(path),
        )
    if path.exists() and not path.is_file():
        raise StateError(
            f"the state {path} is a device or pipe, not a file",
            code="state-path",
            hint="set state.path to a file; this was not touched",
            path=str(path),
        )
    if not path.parent.is_dir():
        raise StateError(
            f"the directory {path.parent} for the state does not exist",
            code="state-path",
            hint=f"make it with `mkdir -p {path.parent}`, or change state.path",
            path=str(path),
        )
    filesystem = mount_type(
        os.path.realpath(path), _mounts() if mounts is None else mounts
    )
    if is_network(filesystem):
        raise StateError(
            f"the state {path} is on a network file system ({filesystem}), where two"
            " machines could use it at once",
            code="state-network",
            hint="set state.path to a file on a local disk",
            path=str(path),
        )


def make_private(path: Path, *, exclusive: bool = False) -> None:
    """Make sure that the file exists and that only its owner may read or write it.

    Args:
        path: made empty when it does not exist.
        exclusive: refuse a file that exists.

    Raises:
        FileExistsError: it exists, and `exclusive` is set.
        StateError: `state-readonly`, it cannot be opened for writing.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (os.O_EXCL if exclusive else 0)
    try:
        number = os.open(path, flags, PRIVATE)
    except FileExistsError:
        raise
    except OSError as error:
        raise StateError(
            f"the state {path} cannot be written: {error.strerror}",
            code="state-readonly",
            hint="give this user the right to write the file and its directory",
            path=str(path),
        ) from error
    try:
        if os.fstat(number).st_mode & 0o777 != PRIVATE:
            os.fchmod(number, PRIVATE)
    finally:
        os.close(number)


def _mounts() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    try:
        return Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:  # no /proc in this container: nothing is known, nothing refused
        return ""
