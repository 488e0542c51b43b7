"""Kore's error bodies (K 8.1)."""

from caseferry.sandbox.wire import RefusedError, json_reply


def refused(status: int, msg: str, code: int | None = None) -> RefusedError:
    """Return a refusal with the body ``{"errors":[{"msg","code"}]}``."""
    body = {"errors": [{"msg": msg, "code": status if code is None else code}]}
    return RefusedError(json_reply(status, body))


def invalid(detail: str) -> RefusedError:
    """Return the refusal for missing or invalid body arguments."""
    return refused(412, f"Validation errors/ Invalid arguments: {detail}")
