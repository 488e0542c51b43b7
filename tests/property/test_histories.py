"""Histories that the machine found, one by one: each was a bug once."""

from support.history import History


def a_history(*, tasks: int = 0) -> History:
    """Carry one case, so that something can happen to it."""
    history = History()
    history.open_case(tasks, 0)
    history.migrate()
    return history


def ends_well(history: History) -> None:
    """Let it end, and hear the witness."""
    assert history.doubles() == []
    history.end()
    assert history.doubles() == []
    assert history.overwritten() == []
    assert history.closed_by_us() == []
    assert history.wrong() == []


def test_a_case_closed_by_an_agent_stays_closed_through_every_later_edit() -> None:
    """Kore's edits are reported; the first one does not make the second reopen it."""
    history = a_history(tasks=1)
    history.agent_closes(0)

    for change in ("tags", "critical", "renamed", "low"):
        history.edit_case(0, change)
        history.migrate()
        assert history.closed_by_us() == [], change

    ends_well(history)


def test_a_case_reopened_by_an_agent_stays_open_through_every_later_edit() -> None:
    """Both were closed once; what an agent did since is kept, edit after edit."""
    history = a_history(tasks=1)
    (case,) = history.cases
    history.edit_case(0, "closed")
    history.migrate()
    target = history.scene.of(case)
    history.box.human.act(
        {"action": "reopen", "system": "casemgr", "entity": "case", "id": target.id}
    )

    for change in ("tags", "critical", "renamed", "low"):
        history.edit_case(0, change)
        history.migrate()
        assert target.status == "open", change


def test_a_task_that_kore_hides_stops_nobody() -> None:
    """Kore does not list it any more; its case goes on, and its activity stays."""
    history = a_history(tasks=1)
    (task,) = history.tasks
    history.edit_task(0, "hidden")

    history.add_task(0, finished=False)
    history.scene.again()

    assert history.scene.of(task).status == "assigned"
    assert len(history.scene.all_of(history.tasks[1])) == 1
    history.edit_task(1, "shown")
    ends_well(history)


def test_a_lost_state_reopens_no_case_that_an_agent_closed() -> None:
    """Without a base nobody knows who closed it: then what casemgr holds is kept."""
    history = a_history(tasks=1)
    history.agent_closes(0)

    history.lose_state()
    history.migrate()

    ends_well(history)


def test_a_case_that_was_hidden_while_the_state_was_lost_is_not_created_again() -> None:
    """A key whose source Kore did not show in one run is still known in the next."""
    history = a_history(tasks=1)
    history.edit_case(0, "hidden")
    history.wait(90_000)
    history.lose_state()
    history.migrate()

    history.edit_case(0, "shown")
    history.migrate()

    ends_well(history)


def test_a_task_that_was_hidden_while_the_state_was_lost_is_not_created_again() -> None:
    """The same for a task alone: its case is adopted, and it later."""
    history = a_history(tasks=2)
    history.edit_task(0, "hidden")
    history.wait(90_000)
    history.lose_state()
    history.migrate()

    history.edit_task(0, "shown")
    history.migrate()

    ends_well(history)


def test_a_case_whose_only_task_is_hidden_is_found_by_its_own_key() -> None:
    """Its activity has no source to go by any more, so the case's own key does."""
    history = a_history(tasks=1)
    history.edit_task(0, "hidden")
    history.lose_state()

    history.migrate()

    ends_well(history)


def test_a_mail_that_is_not_listed_yet_is_not_completed_by_a_close() -> None:
    """The case stays open after our last activity, so something else is open in it."""
    history = a_history()
    history.edit_case(0, "closed")
    history.lag(5)
    history.mail_arrives(0)

    history.migrate()

    ends_well(history)


def test_an_empty_body_is_not_an_empty_listing() -> None:
    """Only 204 or JSON says that nothing is there; else the state would be believed."""
    history = a_history()
    history.wait(90_000)
    history.lose_state()

    history.migrate_with_a_fault("empty_body", "search_activities", after=0, times=6)
    history.migrate()

    ends_well(history)


def test_a_parted_task_still_shows_which_case_it_brought_into_being() -> None:
    """The run died before the case was known; parting the task makes no second case."""
    for at in range(1, 14):
        history = a_history()
        history.open_case(1, 0)
        history.die_at_a_request(at, "before")
        history.part(2)

        history.migrate()

        assert history.doubles() == [], at


def test_retry_of_what_was_set_aside_plans_it_anew() -> None:
    """A difference that cannot be carried does not leave the list by being retried."""
    history = a_history()
    history.add_task(0, finished=True)
    history.migrate()
    history.edit_task(0, "critical")
    history.migrate()
    before = set(history.scene.holds)
    assert before

    history.retry_all()
    history.migrate()

    assert set(history.scene.holds) == before
    ends_well(history)


def test_a_mail_that_reopened_a_case_is_not_completed_while_it_is_not_listed() -> None:
    """An open case holds an open activity, even where its listing shows none yet."""
    history = a_history()
    history.lag(5)
    history.agent_closes(0)
    history.mail_arrives(0)
    history.edit_case(0, "closed")

    history.migrate()

    ends_well(history)


def test_a_restored_state_still_knows_what_was_parted() -> None:
    """A person parted the case: its new tasks stay behind, before and after."""
    history = a_history()
    history.part(0)
    history.add_task(0, finished=False)
    history.migrate()
    history.lose_state()

    history.restore(0)
    history.add_task(0, finished=False)

    ends_well(history)
