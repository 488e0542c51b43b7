"""What a fault makes of a reply."""

import json
from dataclasses import replace
from typing import Any, Final

from caseferry.sandbox.faults import Fault
from caseferry.sandbox.limits import limit_reply
from caseferry.sandbox.wire import Delivery, Reply, dump, json_reply

_HUGE: Final = 10_000
_DEEP: Final = 20_000
_ROOTS: Final = ("results", "activity", "case", "customer", "note", "attribute")
_HTML: Final = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    b"</body>\r\n</html>\r\n"
)


def reply_before(fault: Fault, system: str, now_ms: int) -> Reply:
    """Return the reply of a fault that strikes before anything is done."""
    match fault.kind:
        case "connect_refused":
            return Reply(503, delivery=Delivery.REFUSE)
        case "reset_before":
            return Reply(503, delivery=Delivery.DROP)
        case "gateway_html":
            return _gateway()
        case "rate_limit_429":
            return limit_reply(system, 429, now_ms)
        case "rate_limit_400":
            return limit_reply(system, 400, now_ms)
        case "unauthorized":
            return _error(system, 401)
        case _:
            return _error(system, 500)


def reply_after(fault: Fault, system: str, reply: Reply, last: Reply | None) -> Reply:
    """Return what becomes of a reply after the work is done.

    last is the reply before this one of the same operation, for repeated_page.
    """
    kept = {"committed": reply.committed, "record_id": reply.record_id}
    match fault.kind:
        case "lost_reply":
            return replace(reply, delivery=Delivery.TIMEOUT)
        case "reset_after":
            return replace(reply, delivery=Delivery.DROP)
        case "slow":
            return replace(reply, delay_s=fault.delay_s)
        case "error_after":
            return replace(_error(system, 500), **kept)  # type: ignore[arg-type]
        case "gateway_html_after":
            return replace(_gateway(), **kept)  # type: ignore[arg-type]
        case "repeated_page":
            return reply if last is None else replace(last, **kept)  # type: ignore[arg-type]
        case _:
            return replace(reply, body=mangled(fault.kind, reply.body))


def mangled(kind: str, body: bytes) -> bytes:
    """Return a spoiled body."""
    if kind == "empty_body":
        return b""
    if kind == "truncated":
        return body[: max(1, len(body) * 2 // 3)] if body else b'{"tru'
    if kind == "deep_nesting":
        return b"[" * _DEEP + b"]" * _DEEP
    try:
        value = json.loads(body)
    except ValueError:
        return body
    return dump(_wrong(value)) if kind == "wrong_types" else _huge(value, body)


def _huge(value: Any, body: bytes) -> bytes:  # noqa: ANN401 - any JSON
    for root in _ROOTS:
        rows = value.pop(root, None) if isinstance(value, dict) else None
        if isinstance(rows, list) and rows:
            texts = [dump(row) for row in rows]
            many = (texts * -(-_HUGE // len(texts)))[:_HUGE]
            rest = dump(value)[1:-1]
            tail = b"," + rest if rest else b""
            return b'{"%b":[%b]%b}' % (root.encode(), b",".join(many), tail)
    return body


def _wrong(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Swap the types of all values one level below the rows, or of the object's."""
    if not isinstance(value, dict):
        return {"value": value}
    for root in _ROOTS:
        if isinstance(value.get(root), list):
            return {**value, root: [_swapped(row) for row in value[root]]}
    return _swapped(value)


def _swapped(row: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(row, dict):
        return {}
    return {name: _other_type(value) for name, value in row.items()}


def _other_type(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return 12345
    if isinstance(value, bool) or value is None:
        return "yes"
    if isinstance(value, dict):
        return []
    return {} if isinstance(value, list) else str(value)


def _gateway() -> Reply:
    return Reply(502, _HTML, (("Content-Type", "text/html"),))


def _error(system: str, status: int) -> Reply:
    if system == "kore":
        msg = "Invalid SDK credentials" if status == 401 else "Internal Server Error"
        code = 4002 if status == 401 else status
        return json_reply(status, {"errors": [{"msg": msg, "code": code}]})
    texts = {
        401: ("401-101", "Access token is invalid or has expired."),
        500: ("500-100", "The system could not process the request."),
    }
    code_text, message = texts[status]
    return json_reply(status, {"code": code_text, "developerMessage": message})
