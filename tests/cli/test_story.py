"""The story of a small migration, as a person reads it: whole outputs."""

import re

from cli.conftest import Rehearsal

CHECK = """\
pass configuration: caseferry.toml is whole
pass mapping: digest DIGEST, 6 examples
pass state: none yet; the first run makes it
pass kore read-cases: may read cases, 3
pass kore read-tasks: may read tasks, 2
pass casemgr token: a token was given
pass casemgr department: may read Billing
pass casemgr department: may read Service
pass casemgr activity-attributes: 7 in use, all configured
pass casemgr case-attributes: 8 in use, all configured
pass kore capabilities: 12 settled, 27 open
pass casemgr capabilities: 13 settled, 30 open
warn kore status-ids: no record shows the id of: Resolved
     Hint: needed only to write to Kore: add them to [kore_ids.status] of the
       mapping
warn kore priority-ids: no record shows the id of: Critical, High, Low
     Hint: needed only to write to Kore: add them to [kore_ids.priority] of the
       mapping
warn customers: 0% of a sample of 2 found (2 not found, 1 no contact)
     Hint: the mapping says none_found = 'create': make sure that this is meant

What Kore turned out to do:
  clock_offset_s: 0
  default_limit: 50
  fields: none
  filter_case: "insensitive"
  max_limit: 100
  priorities: "Medium"
  sort_unknown_field: "ignored"
  statuses: "Closed", "Open"
  task_templates: "Follow-up"
  templates: "Billing", "Sales", "Service"
  totals: "exact"
  unresolved_case: "honest"
  open: array_update, case_updated_by_task, closed_case_blocks_tasks,
    create_case_contact, create_status, date_filter_field, default_order,
    desc_in_create_response, desc_on_create, due_date_in_create_response,
    due_date_writes, field_writes, inactive_in_list, missing_id_on_update,
    object_update, page_params, readonly_updates, search_lag_s, search_scope,
    sort_changed_case, sort_changed_task, sort_created_at, sort_forms,
    sort_updated_at, status_write_by, template_spawns_tasks, unresolved_task

What casemgr turned out to do:
  activity_attributes: "ext_key", "kore_priority", "kore_ref", "kore_status",
    "kore_tags", "orig_created", "orig_due"
  activity_department: "required"
  activity_types: none
  case_attributes: "ext_key", "kore_description", "kore_ref", "kore_status",
    "kore_tags", "orig_created", "orig_due", "refund_amount", "region"
  clock_offset_s: 0
  date_filter_names: "date"
  department_alone: "accepted"
  departments: "Service", "Billing"
  page_beyond_end: "204"
  priorities: none
  severities: none
  statuses: none
  subtypes: none
  open: activity_bumps_case, activity_custom_filter, actor_rule,
    attribute_charset, attribute_drop, case_custom_filter, case_lookup_dates,
    case_subject, complete_stale, content_shape, create_customer_absent,
    create_reply, edit_activity_due_date, edit_case_due_date, empty_attribute,
    force_categorization, id_type, implicit_case_owner, implicit_case_severity,
    implicit_case_subject, last_modified_shape, link_shape, modified_filter,
    note_bumps, omitted_attributes, partial_complete, search_lag_s,
    several_customers, text_charset, unknown_ids

No API can see these; a person has to confirm them:
  Kore to casemgr:
    - No mail leaves casemgr when an activity or a case is created or closed
    - No workflow takes the client application's activities away, or hands them
      on
    - No category has to be set before an activity can be completed
    - The mapping's most_urgent is right: agents see which of "1" and "7" it is
  casemgr to Kore:
    - No mail or message leaves Kore when a case or a task is created or closed
    - No template of Kore makes tasks of its own while cases are carried
    - No routing or escalation of Kore hands on what is created
  Confirm them: `caseferry mapping accept --by NAME`

Next:
  caseferry plan   (what `sync` would do; with --from, what `migrate` would)
"""

PLAN = """\
+ make   ~ change   - finish   = leave as is   ! hold   ? ask
+ create task TS000101 -> new; lost: task-open-in-closed-case
+ create case CS000101 -> new
~ update case CS000101: subject, custom.kore_ref, custom.orig_created, severity…
- complete task TS000101
- close case CS000101

Plan 1: Kore to casemgr, N s

                     cases  tasks
  read from Kore         3      2
  would be created       1      1
  would be updated       0      0
  would be finished      1      1
  as is                  0      0
  left for later         2      1

  It balances: every record that was read is accounted for, once.
  customers: 1 created
  not carried whole, by rule:
    task-open-in-closed-case  1  any accepted
  stays behind: kore.queue 1
  guards:
    max-creates        2  off
    max-changes        0  at most 20% of what is linked
    max-closed         0  off
    max-reopened       0  at most 20
    max-reprioritised  0  at most 20% of what is linked
    max-not-seen       0  at most 10% of what is linked
    losses             0  at most 0
    mapping-changed    0  at most 0
  mapping DIGEST, accepted by nobody (`caseferry
    mapping accept --by NAME`)
  Kore: 2 requests sent
  casemgr: N requests sent to read; to write about
    4 requests, no limit configured

Next:
  caseferry migrate --from kore --only CS000101
"""

FIELDS = """\
+ make   ~ change   - finish   = leave as is   ! hold   ? ask
+ create task TS000101 kore:ti-d37ff46-6e5d-59f6-1dad-2a591be93f3a -> new
    custom.kore_priority: "Medium"
    custom.kore_ref: "TS000101"
    custom.kore_status: "Open"
    custom.orig_created: "TIME"
    priority: "4"
    subject: "Send a new one"
    lands in Service, general, svc_care
    customer made with email.emailAddress "jane@shop.example"
    lost: task-open-in-closed-case
+ create case CS000101 kore:ci-e07250f-23c5-7f39-d292-4375146268f5 -> new
    new: new in Kore; comes into being with its first activity
~ update case CS000101 kore:ci-e07250f-23c5-7f39-d292-4375146268f5
    subject: "Broken lamp"
    custom.kore_ref: "CS000101"
    custom.orig_created: "TIME"
    severity: "medium"
    custom.kore_status: "Closed"
    custom.ext_key: "cf1.07bb202c.c.ci-e07250f-23c5-7f39-d29…"
- complete task TS000101 kore:ti-d37ff46-6e5d-59f6-1dad-2a591be93f3a
    status: "assigned" -> "completed"
- close case CS000101 kore:ci-e07250f-23c5-7f39-d292-4375146268f5
    finished: closed in Kore; closes with its last open activity
    status: "open" -> "closed"
"""

RUN = """\
Run 1: Kore to casemgr, N s

                  cases  tasks
  read from Kore      3      2
  created             3      2
  updated             0      0
  finished            1      1
  as is               0      0

  It balances: every record that was read is accounted for, once.
  customers: WHO
  openers: 1 made, 0 completed
  not carried whole, by rule:
    task-open-in-closed-case  1  any accepted
  stays behind: kore.queue 1
  mapping DIGEST, accepted by nobody (`caseferry
    mapping accept --by NAME`)
  Kore: 2 requests sent
  casemgr: N requests sent

Next:
  caseferry verify   (compares both sides anew: the proof)
"""

AGAIN = """\
Run 2: Kore to casemgr, N s

                  cases  tasks
  read from Kore      3      2
  created             0      0
  updated             0      0
  finished            0      0
  as is               3      2

  It balances: every record that was read is accounted for, once.
  mapping DIGEST, accepted by nobody (`caseferry
    mapping accept --by NAME`)
  Kore: 2 requests sent
  casemgr: N requests sent

Next:
  caseferry verify   (compares both sides anew: the proof)
"""

PROOF = """\
Verification, run 3, N s
  from           Kore st-5a4db0c5-1111-5222-8333-000000000001 to casemgr sandbox
  what           everything
  mapping        DIGEST, accepted by nobody
  configuration  DIGEST
  caseferry      VERSION, USER on HOST
  read           TIME to TIME
  requests       2 to Kore, N to casemgr

                                 cases  tasks
  read from Kore                     3      2
  pairs found                        3      2
  equal                              3      1
  equal but for accepted losses      0      1
  different                          0      0
  missing                            0      0
  twice                              0      0
  uncertain                          0      0
  set aside                          0      0
  out of scope                       0      0

  It balances: every record of Kore has one verdict.
  pairs: 5 by key, 0 by link alone
  not carried whole, by rule:
    task-open-in-closed-case  1  any accepted
  stays behind, of 1 case and 0 tasks: kore.queue 1

  Everything that was read is there once, as mapped, but for what was accepted.

  signed off by  ________________________________________
  on             ________________________________________
"""

STATUS = """\
Status
  pair      Kore st-5a4db0c5-1111-5222-8333-000000000001 and casemgr sandbox
  state     DIR/caseferry.db
  last run  3: verify, TIME, exit code 0
  mapping   DIGEST, accepted by nobody

Links
          finished  unfinished  parted
  case           3           0       0
  task           2           0       0
  opener         1           0       0

Open
  writes in doubt  0

Next:
  nothing: everything was carried, and verified last
"""

STORY = """\
Task TS000101
  key          kore:ti-d37ff46-6e5d-59f6-1dad-2a591be93f3a
  case         kore:ci-e07250f-23c5-7f39-d292-4375146268f5
  counterpart  casemgr:activity:NNNN, finished
  next run     as is, unless it changes

Fields: in Kore as last read; in casemgr as last read back
  subject from name
    Kore    "Send a new one"
    casemgr "Send a new one"
  custom.kore_ref from refId
    Kore    "TS000101"
    casemgr "TS000101"
  custom.orig_created from createdAt
    Kore    "TIME"
    casemgr "TIME"
  custom.kore_priority from priority
    Kore    "Medium"
    casemgr "Medium"
  priority from priority
    Kore    "Medium"
    casemgr "4"
  custom.kore_status from status
    Kore    "Open"
    casemgr "Open"

Written
  TIME run 1: create task, done casemgr:activity:NNNN
  TIME run 1: complete task, done casemgr:activity:NNNN
"""


def test_check_says_what_is_in_order_and_what_nobody_can_see(shop: Rehearsal) -> None:
    """Each check is one line; what no API can see is left to a person."""
    done = shop.home.run("check")

    assert (done.plain, done.err, done.code) == (CHECK, "", 0)


def test_a_dry_run_shows_each_field_and_the_cost(shop: Rehearsal) -> None:
    """One line an action; -v for fields, places and customers; nothing moves."""
    home = shop.home
    home.run("migrate", "--from", "kore", "--dry-run")
    argv = ("migrate", "--from", "kore", "-n", "--only", "CS000101")
    done = home.run(*argv)
    told = home.run(*argv, "-v")

    assert _counted(done.plain).replace("Plan 2", "Plan 1") == PLAN
    assert told.plain.startswith(f"{FIELDS}\nPlan 3: ")
    assert (done.err, done.code, told.code) == ("", 0, 0)
    assert not shop.box.casemgr.activities
    assert all(not call.committed for call in shop.box.log)


def test_the_whole_story_reads_well(shop: Rehearsal) -> None:
    """Carried, carried again, verified, looked at: each is one screen that balances."""
    home = shop.home

    first = home.run("migrate", "--from", "kore", "--yes")
    again = home.run("migrate", "--from", "kore", "--yes")
    proof = home.run("verify")
    status = home.run("status")
    story = home.run("explain", "ts000101")

    assert _counted(first.plain) == RUN
    assert _counted(again.plain) == AGAIN
    assert _signed(proof.plain) == PROOF
    assert max(map(len, proof.out.splitlines())) <= 80
    assert status.plain == STATUS
    assert _numbered(story.plain) == STORY
    assert [r.code for r in (first, again, proof, status, story)] == [0] * 5
    assert [r.err for r in (first, again, proof, status, story)] == [""] * 5


def test_a_run_asks_on_a_terminal_and_takes_no_for_an_answer(shop: Rehearsal) -> None:
    """Without a yes nothing is written, and the summary came before the question."""
    done = shop.home.run("migrate", "--from", "kore", answer="no\n", tty=True)

    assert done.code == 0
    assert "would be created       3      2" in done.err
    assert "Write to casemgr: " in done.err
    assert "Nothing was written." in done.out
    assert not shop.box.casemgr.activities


def test_a_run_goes_on_after_a_yes(shop: Rehearsal) -> None:
    """A yes carries the plan out."""
    done = shop.home.having(TERM="dumb").run(
        "migrate", "--from", "kore", answer="y\n", tty=True
    )

    assert done.code == 0
    assert len(shop.box.casemgr.cases) == 3
    assert "\x1b" not in done.out + done.err


def test_a_limit_leaves_the_rest_for_later(shop: Rehearsal) -> None:
    """A limited run says what it left, balances, and the next one takes it up."""
    argv = ("migrate", "--from", "kore", "--yes", "--json")
    first = shop.home.run(*argv, "--limit", "1")
    then = shop.home.run(*argv)

    assert first.data["left"]["case"] == 2
    assert first.data["balances"]
    assert len(shop.box.casemgr.cases) == 3
    assert then.data["actions"]["case"]["create"] == 2
    assert then.data["left"] == {"case": 0, "task": 0}


def _counted(text: str) -> str:
    """Replace what the engine may do with more or fewer requests."""
    text = re.sub(r"casemgr: \d+ requests? sent", "casemgr: N requests sent", text)
    return re.sub(r"  customers: .*(matched|2 created).*", "  customers: WHO", text)


def _signed(text: str) -> str:
    """Replace who ran it, and with how many requests."""
    text = re.sub(r"(caseferry +)\S+, .* on .*", r"\1VERSION, USER on HOST", text)
    return re.sub(r", \d+ to casemgr\b", ", N to casemgr", text)


def _numbered(text: str) -> str:
    words = text.split("casemgr:activity:")
    return words[0] + "".join(f"casemgr:activity:NNNN{word[4:]}" for word in words[1:])
