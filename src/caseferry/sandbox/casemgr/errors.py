"""casemgr's error bodies (C 9)."""

from caseferry.sandbox.wire import RefusedError, json_reply


def refused(code: str, message: str, **details: str) -> RefusedError:
    """Return a refusal; the HTTP status is the code's first part."""
    body: dict[str, object] = {"code": code, "developerMessage": message}
    if details:
        body["details"] = [{"key": k, "value": v} for k, v in details.items()]
    return RefusedError(json_reply(int(code[:3]), body))


def invalid(attribute: str, why: str = "is missing or invalid") -> RefusedError:
    """Return the refusal of a body attribute."""
    return refused("400-152", f"Attribute '{attribute}' {why}.", attribute=attribute)


def not_listed(attribute: str, value: object) -> RefusedError:
    """Return the refusal of a value outside a fixed list."""
    message = f"Value of '{attribute}' is not one of the allowed values."
    return refused("400-196", message, attribute=attribute, value=str(value))
