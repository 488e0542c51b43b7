"""The file of a plan: whole or refused, the same for the same, silent when redacted."""

import hashlib
import io
import json
from pathlib import Path

import pytest

from caseferry.errors import UserError
from caseferry.model.action import ActionKind
from caseferry.planfile.read import read_plan
from caseferry.planfile.redact import Redactor
from caseferry.planfile.schema import schema_text
from caseferry.planfile.shape import ActionLine, Header, Made, Needs
from caseferry.planfile.write import PlanWriter
from support.plans import HEADER, MADE, REDACTOR, Plans, lines, opened
from support.scene import Scene

SECRET = "Liz Ash owes 4711"
PUBLISHED = (
    Path(__file__).parents[2] / "src" / "caseferry" / "planfile" / "plan.schema.json"
)


def a_line(order: int, case: str = "kore:ci-1") -> ActionLine:
    return ActionLine(
        line="action",
        order=order,
        case=case,
        kind="create",
        role="task",
        key=f"kore:ti-{order}",
        needs=Needs(source="f"),
    )


def a_file(*order: ActionLine, header: Header = HEADER, made: Made = MADE) -> bytes:
    writer = PlanWriter(io.BytesIO(), None)
    for line in order:
        writer.add(line)
    return b"".join(writer.text(writer.header(header, made)))


FILE = a_file(a_line(1), a_line(2), a_line(3, "kore:ci-2"))


def test_what_was_written_is_read() -> None:
    """Lines come back by case group and in their order."""
    saved = opened(FILE)

    assert saved.cases == ("kore:ci-1", "kore:ci-2")
    assert [line.order for line in saved.lines_of("kore:ci-1")] == [1, 2]
    assert [line.order for line in saved.lines()] == [1, 2, 3]
    assert saved.lines_of("kore:ci-9") == ()
    assert saved.header.lines == 3


@pytest.mark.parametrize("at", range(0, len(FILE), 7))
def test_a_file_with_one_byte_changed_is_refused(at: int) -> None:
    """Whatever byte it is, and whatever sense the file still makes."""
    broken = bytearray(FILE)
    broken[at] ^= 0x01

    with pytest.raises(UserError) as refused:
        opened(bytes(broken))

    assert refused.value.code in ("plan-broken", "plan-unreadable")


@pytest.mark.parametrize("length", [0, 10, len(FILE) // 2, len(FILE) - 2])
def test_a_file_that_was_cut_is_refused(length: int) -> None:
    """A plan that is not whole is none."""
    with pytest.raises(UserError):
        opened(FILE[:length])


def test_a_line_taken_out_or_swapped_is_refused() -> None:
    """Also by somebody who makes the seal anew over the other lines."""
    parts = FILE.splitlines(keepends=True)
    for other in ([parts[0], *parts[2:-1]], [parts[0], parts[2], parts[1], parts[3]]):
        seal = hashlib.sha256(b"".join(other)).hexdigest()
        text = b"".join(other) + b'{"line":"seal","sha256":"%s"}\n' % seal.encode()
        with pytest.raises(UserError):
            opened(text)


def test_the_digest_says_what_is_planned_not_when_or_by_whom() -> None:
    """Another maker gives the same digest; another line or mapping does not."""
    other = Made(created="2026-04-01T00:00:00.000Z", version="2", user="ann")
    digest = opened(FILE).header.digest

    def of(file: bytes) -> str:
        return opened(file).header.digest

    three = (a_line(1), a_line(2), a_line(3, "kore:ci-2"))
    assert of(a_file(*three, made=other)) == digest
    assert of(a_file(*three[:2])) != digest
    mapped = HEADER.model_copy(update={"mapping": "n"})
    assert of(a_file(*three, header=mapped)) != digest


def test_the_same_systems_give_the_same_plan() -> None:
    """Planned twice, with time in between: not a byte differs."""
    scene = Scene(cases=8)
    plans = Plans(scene.rig)
    first = plans.make()
    scene.clock.sleep(60.0)

    assert plans.make() == first


def test_a_redacted_plan_holds_no_value_of_any_record() -> None:
    """Names of fields, codes and counts stay; what people wrote does not."""
    scene = Scene()
    case = scene.case(SECRET, desc=f"{SECRET} since May")
    scene.task(case, SECRET, desc=SECRET)
    plans = Plans(scene.rig, redacted=True)

    text = plans.make().decode()

    assert "4711" not in text
    assert "liz.ash" not in text.lower()
    changes = [c for line in opened(text.encode()).lines() for c in line.changes]
    assert {"subject", "priority"} <= {c.name for c in changes}


def test_redacting_twice_and_with_another_key() -> None:
    """The same value has the same mark under one key, and another under another."""
    scene = Scene()
    scene.task(scene.case("Router down"), "Call back")
    plain = lines(Plans(scene.rig).make())
    for line in plain:
        once = REDACTOR.line(line)
        assert REDACTOR.line(line) == once
        assert Redactor(b"other").line(line) != once
        assert once.needs.source != line.needs.source


def test_the_published_schema_is_that_of_the_models() -> None:
    """`plan.schema.json` is what the models say; make it anew when they change."""
    assert PUBLISHED.read_text("utf-8") == schema_text()
    kinds = {
        each["$ref"].rpartition("/")[2] for each in json.loads(schema_text())["oneOf"]
    }
    assert kinds == {"Header", "ActionLine", "Seal"}


def test_a_plan_of_another_schema_is_refused_by_name() -> None:
    """A newer version's file says that this version cannot read it."""
    newer = FILE.replace(b"caseferry-plan/1", b"caseferry-plan/2")

    with pytest.raises(UserError) as refused:
        read_plan(io.BytesIO(newer), "friday.jsonl")

    assert "friday.jsonl" in refused.value.message
    assert "caseferry-plan/1" in refused.value.hint


@pytest.mark.parametrize(
    "kind", [ActionKind.QUARANTINE, ActionKind.WAITING, ActionKind.UNCERTAIN]
)
def test_a_redacted_plan_repeats_no_words_of_a_system(kind: ActionKind) -> None:
    """A refusal may quote what was refused; its code stays."""
    words = f"value {SECRET!r} is not allowed"
    line = a_line(1).model_copy(update={"kind": kind, "code": "400", "reason": words})

    shown = REDACTOR.line(line)

    assert shown.code == "400"
    assert SECRET not in shown.model_dump_json()
