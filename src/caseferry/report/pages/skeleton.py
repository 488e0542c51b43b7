"""What every page has around its body: head, policy, style, script."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final

from caseferry.report.pages.markup import text

_SCRIPTS: Final = ("text.js", "words.js", "records.js", "page.js")
_BODY: Final = "<!-- body -->"


def opening(kind: str, title: str) -> str:
    """Give everything before the body.

    Args:
        kind: what the page is: `Plan`, `Verification` …
        title: of the window and of the file in a list.
    """
    shell, style, script = _shell(), _style(), _script()
    head = shell.partition(_BODY)[0]
    return Template(head).substitute(
        policy=_policy(style, script), kind=text(kind), title=text(title), style=style
    )


def closing(*, has_records: bool) -> str:
    """Give everything after the body; the script only where there is work for it."""
    tail = _shell().partition(_BODY)[2]
    script = f"<script>{_script()}</script>\n" if has_records else ""
    return Template(tail).substitute(script=script)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _asset(name: str) -> str:
    path = files("caseferry.report.pages") / "assets" / name
    return path.read_text(encoding="utf-8")


@cache
def _shell() -> str:
    return _asset("page.html")


@cache
def _style() -> str:
    return _asset("page.css")


@cache
def _script() -> str:
    return "".join(_asset(name) for name in _SCRIPTS)
