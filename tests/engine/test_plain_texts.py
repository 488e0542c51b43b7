"""A tenant that is strict about characters gets plain texts, once each, and counted."""

import httpx

from caseferry.engine.relink import retry
from caseferry.engine.verdicts import Verified
from caseferry.engine.verify import verify
from support.scene import Scene

NAME = 'Router "R/2" down? (urgent)'
PLAIN = "Router 'R-2' down urgent"
STRICT: dict[str, str | float] = {"casemgr.text_charset": "note_set"}


def carried() -> tuple[Scene, str, str]:
    scene = Scene(readings=STRICT)
    case = scene.case(NAME, desc="It fell off the shelf; twice!")
    task = scene.task(case, NAME)
    scene.run()
    return scene, case, task


def proof(scene: Scene) -> Verified:
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("verify", "t", {})
    return verify(context)


def test_a_refused_text_is_written_plainly_and_counted_as_a_loss() -> None:
    """The record is there, once, with all that the tenant takes of it."""
    scene, case, task = carried()

    assert scene.of(task).subject == PLAIN
    assert scene.of(case).subject == NAME  # the sandbox is strict with activities only
    assert scene.tally.losses["text-sanitised"] == 1
    assert scene.holds == {}


def test_a_plain_text_is_equal_to_what_it_stands_for() -> None:
    """No later run writes anything, and the proof names the loss."""
    scene, _, _ = carried()

    assert scene.rests()
    found = proof(scene)
    assert found.differences == []
    assert found.counts["task", "accepted_loss"] == 1
    assert found.losses["text-sanitised"] == 1


def test_a_lost_state_knows_plain_texts_again() -> None:
    """Adopted records that hold the plain text are not told of in notes."""
    scene, _, task = carried()
    scene.clock.sleep(90_000)

    scene.lose_state()
    scene.again()

    assert scene.rests()
    assert not scene.of(task).notes
    assert proof(scene).counts["task", "accepted_loss"] == 1


def test_a_refused_edit_is_written_plainly_and_the_next_one_at_once() -> None:
    """What the tenant is like was learnt: the later edit costs one request."""
    scene = Scene()
    case = scene.case("Router down")
    scene.run()

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PUT" or b"!" not in request.content:
            return None
        return httpx.Response(400, json={"code": "400-152", "developerMessage": "No."})

    scene.tap(refuse)
    scene.edit(case, name="Router up!")
    scene.again()
    assert scene.of(case).subject == "Router up"
    assert scene.tally.losses["text-sanitised"] == 1
    assert scene.rests()

    before = scene.asked
    scene.edit(case, name="Router down!")
    scene.again()
    assert scene.of(case).subject == "Router down"
    assert scene.asked == before + 1


def test_a_refusal_for_another_reason_is_not_blamed_on_the_text() -> None:
    """One more try, then quarantine; the text was not at fault, and stays whole."""
    scene = Scene()
    scene.task(scene.case("First"))
    scene.run()
    refused: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if b"Router" not in request.content:
            return None
        refused.append(request)
        body = {"code": "400-152", "developerMessage": "Invalid body attribute."}
        return httpx.Response(400, json=body)

    scene.tap(refuse)
    task = scene.task(scene.case("Second"), NAME)
    scene.again()
    assert len(refused) == 2
    assert [h.code for h in scene.holds.values()] == ["refused-400-152"]

    scene.tap(lambda _: None)
    retry(scene.rig.store, 1, list(scene.holds.values()), [])
    scene.again()
    assert scene.of(task).subject == NAME


def test_every_seeded_record_is_carried_to_a_strict_tenant() -> None:
    """Texts of every plane: each record is there once, and nothing is left to do."""
    scene = Scene(cases=12, readings=STRICT)

    scene.run()

    quarantined = [h for h in scene.holds.values() if h.code == "refused-400-152"]
    assert quarantined == []
    assert [text for text in scene.complaints() if " is there " in text] == []
    assert scene.rests()
