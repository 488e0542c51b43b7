"""What goes into a system and comes out of it: parsed requests and replies.

Values only. How a reply travels (sockets, exceptions) belongs to the two shells.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import unquote, urlsplit

JSON_TYPE: Final = ("Content-Type", "application/json;charset=UTF-8")


class Delivery(Enum):
    """What becomes of a reply on its way to the client."""

    NORMAL = "normal"
    TIMEOUT = "timeout"  # nothing ever arrives: the client's read times out
    DROP = "drop"  # the connection is reset instead of a reply
    REFUSE = "refuse"  # the connection is not even accepted


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case, the path is decoded."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(
        cls,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: object = b"",
    ) -> "Request":
        """Build a request from a path or URL; a body that is not bytes becomes JSON."""
        parts = urlsplit(target)
        raw = body if isinstance(body, bytes) else dump(body)
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method, unquote(parts.path), parts.query, lowered, raw)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply and how it is delivered.

    committed says whether records changed; record_id names the record written.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delivery: Delivery = Delivery.NORMAL
    delay_s: float = 0.0
    committed: bool = False
    record_id: str = ""

    def json(self) -> object:
        """Return the decoded body."""
        return json.loads(self.body)


class RefusedError(Exception):
    """A system says no; carries the reply. Raised before anything is changed."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status, reply.body)
        self.reply = reply


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dumps(value: object) -> str:
    """Return compact JSON text."""
    return _ENCODE(value)


def dump(value: object) -> bytes:
    """Return compact JSON as UTF-8; lone surrogates survive as escapes."""
    return encode(_ENCODE(value))


def encode(text: str) -> bytes:
    """Return JSON text as UTF-8; lone surrogates survive as escapes."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), separators=(",", ":")).encode()


def json_reply(
    status: int, value: object, *, committed: bool = False, record_id: str = ""
) -> Reply:
    """Return a reply with a JSON body."""
    return Reply(
        status, dump(value), (JSON_TYPE,), committed=committed, record_id=record_id
    )
