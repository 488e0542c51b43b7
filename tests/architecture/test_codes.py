"""The codes that the package passes around and the table that explains them agree."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from caseferry import errors
from caseferry.cli.course import GUARDS
from caseferry.codes import CODES, Code, Kind, code_named, names_like
from caseferry.engine.undo.apply import GUARD as UNDO_REFUSED
from caseferry.errors import CaseferryError
from caseferry.mapping.names import LOSSES
from caseferry.reconcile.guard import Figures, Limits, judge

ROOT: Final = Path(__file__).parents[2] / "src" / "caseferry"
TREES: Final = {
    path: ast.parse(path.read_text("utf-8"))
    for path in sorted(ROOT.rglob("*.py"))
    if path.relative_to(ROOT).parts[0] not in ("codes", "sandbox")
}
ROOTS: Final = frozenset({"error", "guard", "system-error"})
"""Codes of classes that are only raised with another one."""
WORD: Final = re.compile(r"[a-z]+(-[a-z0-9]+)*-?")


def constants() -> dict[str, str]:
    """Give what names of whole modules hold, where that is a text."""
    found: dict[str, str] = {}
    for tree in TREES.values():
        for node in tree.body:
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            target = node.target if isinstance(node, ast.AnnAssign) else target
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                found[target.id] = str(value.value)
    return found


NAMED: Final = constants()


def texts(node: ast.expr) -> Iterator[str]:
    """Give every text that an expression may come to; of an f-string its start."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in NAMED:
            yield NAMED[name]
        case ast.IfExp(body=body, orelse=other):
            yield from texts(body)
            yield from texts(other)
        case ast.BoolOp(values=values):
            for each in values:
                yield from texts(each)
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]):
            yield start


def places() -> dict[str, set[int]]:
    """Give by function where a code stands among its arguments, `self` left out."""
    found: dict[str, set[int]] = {}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [arg.arg for arg in node.args.args if arg.arg != "self"]
                if "code" in names:
                    found.setdefault(node.name, set()).add(names.index("code"))
    return found


PLACES: Final = places()


def of_call(node: ast.Call) -> Iterator[str]:
    """Give the codes that a call passes."""
    for keyword in node.keywords:
        if keyword.arg == "code":
            yield from texts(keyword.value)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    name = node.func.id if isinstance(node.func, ast.Name) else name
    for place in PLACES.get(name, ()):
        if place < len(node.args):
            yield from texts(node.args[place])
    if name == "SafetyStop" and node.args:
        yield from texts(node.args[0])


def passed() -> Counter[str]:
    """Give every code that the sources name as one."""
    found: Counter[str] = Counter()
    for tree in TREES.values():
        for node in ast.walk(tree):
            match node:
                case ast.Call():
                    found.update(of_call(node))
                case ast.Assign(targets=[ast.Name(id="code")], value=value):
                    found.update(texts(value))
                case ast.Dict(keys=keys, values=values):
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and key.value == "code":
                            found.update(texts(value))
    return Counter({text: n for text, n in found.items() if WORD.fullmatch(text)})


def is_known(text: str) -> bool:
    if text.endswith("-"):
        return any(code.name == text + code.varies for code in CODES if code.varies)
    return code_named(text) is not None


def spelled() -> set[str]:
    """Give every text of the sources, and the start of every f-string."""
    found = set(LOSSES)
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr):
                found.update(texts(node))
    return found


def test_every_code_that_is_passed_is_in_the_table() -> None:
    """A user who meets a code can look it up."""
    found = passed()

    assert sorted(t for t in found if not is_known(t) and t not in ROOTS) == []
    assert len(found) > 120


def test_every_code_of_the_table_is_used() -> None:
    """The table explains nothing that nobody meets."""
    found = spelled()
    starts = {code.name.removesuffix(code.varies) for code in CODES if code.varies}

    assert sorted(starts - found) == []
    assert sorted(c.name for c in CODES if not c.varies and c.name not in found) == []


def test_a_code_has_one_meaning_and_a_meaning_one_code() -> None:
    """No name stands twice, and no two names say the same."""
    for values in ([code.name for code in CODES], [code.meaning for code in CODES]):
        assert [text for text, n in Counter(values).items() if n > 1] == []


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_every_code_says_what_happened_and_what_to_do(code: Code) -> None:
    """A phrase without a full stop each, on one line."""
    for text in (code.meaning, code.next):
        assert len(text) > 10
        assert "\n" not in text
        assert not text.endswith(".")
    assert code.kinds
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*(-[A-Z]+)?", code.name)


def test_the_table_names_the_guards_that_there_are() -> None:
    """What `--allow` takes is what the table has."""
    told = {code.name for code in CODES if Kind.GUARD in code.kinds}
    judged = judge(Figures(linked=0, counts={}), Limits(), frozenset())

    assert told == {*GUARDS, UNDO_REFUSED}
    assert {each.name for each in judged} <= told


def test_the_table_names_the_losses_that_there_are() -> None:
    """What [losses] takes is what the table has."""
    assert {c.name for c in CODES if Kind.LOSS in c.kinds} == set(LOSSES)


ERRORS: Final = {
    name: kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CaseferryError)
}


def raised() -> Iterator[tuple[str, type[CaseferryError]]]:
    """Give every code that an error is made with, and the class."""
    for tree in TREES.values():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in ERRORS:
                    yield from ((text, ERRORS[name]) for text in of_call(node))


def test_a_code_tells_the_exit_code_of_its_error() -> None:
    """What the table says is what the shell gets."""
    found = [(code_named(text), kind) for text, kind in raised()]

    wrong = [
        (code.name, code.exit_code, kind.exit_code)
        for code, kind in found
        if code is not None and code.exit_code not in (None, kind.exit_code)
    ]
    assert wrong == []
    assert len(found) > 40


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("refused-400-152", "refused-400-152", "refused it"),
        ("forbidden-403-105", "forbidden-403-105", "does not allow it"),
        ("forbidden-assignee", "forbidden-assignee", "on behalf of"),
        ("case-unmapped", "case-unmapped", "left alone for unmapped"),
        ("case-refused-400-152", "case-refused-400-152", "left alone for refused-400"),
        ("case-closed", "case-closed", "takes no change"),
        ("activity-email", "activity-email", "only tasks"),
        ("check-mapping", "check-mapping", "the check mapping failed"),
        ("refused-STATUS", "refused-STATUS", "refused it"),
    ],
)
def test_what_varies_in_a_code_is_filled_in(text: str, name: str, words: str) -> None:
    """A code is found as it stands in output, the exact one first."""
    found = code_named(text)

    assert found is not None
    assert found.name == name
    assert words in found.meaning


@pytest.mark.parametrize("text", ["", "case-", "case-nothing", "refused-emtpy", "x"])
def test_what_is_no_code_is_not_found(text: str) -> None:
    """Nothing is made up from a beginning."""
    assert code_named(text) is None


def test_a_slip_of_the_pen_has_neighbours() -> None:
    """The nearest codes are named, the nearest first."""
    assert names_like("Stay-Open")[0] == "stays-open"
    assert names_like("qqqq") == []
