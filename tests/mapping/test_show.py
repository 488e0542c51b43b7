from caseferry.mapping.show import mapping_tables
from mapping.builders import mapper


def test_the_tables_show_what_the_digest_stands_for() -> None:
    """Every text of the mapping that decides something is in one of the tables."""
    default = mapper()

    tables = mapping_tables(default)

    shown = "\n".join(" ".join(row) for _, _, rows in tables for row in rows)
    for word in (
        default.digest,
        "custom.refund_amount",
        "keep:custom.orig_due",
        "N. America",
        "Emergency 1 nothing",
        "High 2 2, 3",
        "completed resolved, closed Resolved",
        "userInfo.phoneNumber = mobile.phone",
        "template = Billing and task_template = Call back",
        "jdoe",
        "{refId} {name}",
        "+30d",
        "the API gives no download",
        "task-open-in-closed-case any",
        "spawned_tasks report",
        "case dueDate, else custom.orig_due dueDate",
        "priority 3 priority High priority-merged",
        "severity urgent priority Critical",
        "task status completed status Resolved",
        "task status, any other status Open",
    ):
        assert word in shown, word


def test_tables_are_even_and_not_empty() -> None:
    """Each row is as long as its header, and no table is shown for nothing."""
    for title, header, rows in mapping_tables(mapper()):
        assert rows, title
        assert {len(row) for row in rows} == {len(header)}, title


def test_kore_ids_are_shown_when_there_are_any() -> None:
    """An id that was written by hand is part of what is signed."""
    own = mapper(("[kore_ids.priority]", '[kore_ids.priority]\nHigh = "pr-1"'))
    strict = mapper(
        (
            '"custom.refund_amount", owner = "kore"',
            '"custom.refund_amount", too_long = "quarantine"',
        )
    )

    shown = {title: rows for title, _, rows in mapping_tables(own)}
    fields = {title: rows for title, _, rows in mapping_tables(strict)}

    assert shown["Kore ids"] == [("priority", "High", "pr-1")]
    assert "other characters: quarantine" in fields["Case fields"][6]


def test_routes_towards_kore_are_shown_when_there_are_any() -> None:
    """What a create names instead is part of what is signed."""
    route = (
        '[[to_kore.route]]\nwhen = { department = ["Billing", "VIP"] }\n'
        'source = "mail"\n[kore_ids.status]'
    )
    own = mapper(("[kore_ids.status]", route))

    shown = {title: rows for title, _, rows in mapping_tables(own)}

    rest = "as [to_kore]"
    when = "department = Billing or VIP"
    assert shown["Routes towards Kore"] == [("1", when, rest, rest, "mail")]
