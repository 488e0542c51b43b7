"""The shape of the code: sizes, errors and words, guarded by machine."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseferry import errors

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "caseferry").rglob("*.py"))
MODULE_LINES = 450
FUNCTION_LINES = 50
AGREED = {"pyproject.toml", "README.md", "LICENSE", "src", "mappings", "tests"}
AGREED |= {"cassettes"}
BANNED = {
    "etag",
    "upstream",
    "downstream",
    "bookmark",
    "checkpoint",
    "dto",
    "changeset",
    "xref",
    "ticket",
}
VAGUE = {"utils", "helpers", "common", "base", "manager", "misc"}


def functions(
    tree: ast.AST,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    doc = ast.get_docstring(node, clean=False)
    lines = (node.end_lineno or 0) - node.lineno + 1
    return lines - (doc.count("\n") + 1 if doc else 0)


def identifiers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    """No module and no function outgrows its budget."""
    text = path.read_text("utf-8")
    long = [
        f"{node.name}: {body_lines(node)} lines"
        for node in functions(ast.parse(text))
        if body_lines(node) > FUNCTION_LINES
    ]

    assert text.count("\n") <= MODULE_LINES
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_one_word_stands_for_one_concept(path: Path) -> None:
    """No identifier uses a word that the vocabulary replaced."""
    words = {
        word
        for name in identifiers(ast.parse(path.read_text("utf-8")))
        for word in re.split(r"_+|(?<=[a-z])(?=[A-Z])", name)
    }

    assert {word.lower() for word in words} & BANNED == set()
    assert path.stem not in VAGUE


def error_classes() -> list[type[errors.CaseferryError]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.CaseferryError) and kind is not errors.CaseferryError
    ]


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_is_and_what_to_do(
    kind: type[errors.CaseferryError],
) -> None:
    """Each class has a stable code, a scope, a fault, an exit code and a hint."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
    assert isinstance(kind.scope, errors.Scope)
    assert isinstance(kind.fault, errors.Fault)
    assert kind.exit_code in (1, 2, 5, 7, 130)
    assert len(kind.hint) > 10
    assert kind.__name__ in (errors.__doc__ or "")


def test_every_error_has_a_code_of_its_own() -> None:
    """No two classes share a code."""
    codes = [kind.code for kind in error_classes()]

    assert len(codes) == len(set(codes))


def test_the_top_level_holds_what_was_agreed() -> None:
    """Nothing but the agreed files and dot-files lies at the top."""
    names = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}

    assert names - AGREED == set()
