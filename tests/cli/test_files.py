"""Files that commands write for a person."""

import os
from pathlib import Path

import pytest

from caseferry.cli.files import write_page, write_private
from caseferry.errors import UserError


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe that others may read, as `/dev/null` is."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    path.chmod(0o644)
    return path


def test_a_device_or_pipe_keeps_its_mode(pipe: Path) -> None:
    """What is written into it is written; it is not made private."""
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_private(pipe, "a,b")
        assert os.read(reader, 9) == b"a,b"
    finally:
        os.close(reader)

    assert oct(pipe.stat().st_mode & 0o777) == "0o644"


def test_a_device_or_pipe_is_no_place_for_a_page(pipe: Path) -> None:
    """A page takes the place of what is there."""
    with pytest.raises(UserError, match="not a regular file"):
        write_page(pipe, ["<p>"])

    assert pipe.is_fifo()
