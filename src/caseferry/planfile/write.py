"""Writing a plan: lines as they come, the header when all is counted, a seal."""

import hashlib
from collections.abc import Iterator
from typing import IO

from caseferry.planfile.redact import Redactor
from caseferry.planfile.shape import ActionLine, Header, Made, Seal


class PlanWriter:
    """Takes the lines of a plan one by one; memory does not grow with them.

    Attributes:
        lines: how many were taken.
    """

    def __init__(self, spool: IO[bytes] | None, redactor: Redactor | None) -> None:
        """Take where lines wait for their header, and what hides their values.

        Args:
            spool: a binary file, empty, that can be read again; None keeps no lines
                and only makes the digest.
            redactor: None leaves values as they are.
        """
        self._spool = spool
        self._redactor = redactor
        self._hash = hashlib.sha256()
        self.lines = 0

    def add(self, line: ActionLine) -> None:
        """Take the next line."""
        shown = self._redactor.line(line) if self._redactor else line
        text = encode(shown)
        self._hash.update(text)
        self.lines += 1
        if self._spool is not None:
            self._spool.write(text)

    def header(self, known: Header, made: Made) -> Header:
        """Give the header with the digest of all that was taken."""
        core = known.model_copy(
            update={
                "lines": self.lines,
                "redacted": self._redactor is not None,
                "redacted_by": self._redactor.name if self._redactor else "",
                "digest": "",
                "made": None,
            }
        )
        digest = digest_of(core, self._hash.hexdigest())
        return core.model_copy(update={"digest": digest, "made": made})

    def text(self, header: Header) -> Iterator[bytes]:
        """Give the whole file, a chunk at a time: header, lines, seal."""
        seal = hashlib.sha256()
        for chunk in self._chunks(header):
            seal.update(chunk)
            yield chunk
        yield encode(Seal(line="seal", sha256=seal.hexdigest()))

    def kept(self) -> Iterator[ActionLine]:
        """Give the lines that were kept, from the first."""
        if self._spool is None:
            return
        self._spool.seek(0)
        for text in self._spool:
            yield ActionLine.model_validate_json(text)

    def _chunks(self, header: Header) -> Iterator[bytes]:
        yield encode(header)
        if self._spool is None:
            return
        self._spool.seek(0)
        while chunk := self._spool.read(1 << 20):
            yield chunk


def encode(part: Header | ActionLine | Seal) -> bytes:
    """Give one line of the file; what has its default is left out of an action."""
    if isinstance(part, ActionLine):
        text = part.model_dump_json(exclude_defaults=True)
    else:
        text = part.model_dump_json(by_alias=True)
    return text.encode() + b"\n"


def digest_of(core: Header, lines_hash: str) -> str:
    """Give the digest of the header and of all lines.

    Left out: who made the file and when, and what reading took this time, which says
    nothing about what is planned.
    """
    bare = core.model_copy(
        update={"digest": "", "made": None, "read": {}, "requests": {}, "duration_s": 0}
    )
    return hashlib.sha256(encode(bare) + lines_hash.encode()).hexdigest()
