"""The table of readings: name, values (default first), what it settles.

K and C number what is known of the Kore and the casemgr API.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Choice:
    """A switch with named values, the default first."""

    values: tuple[str, ...]
    about: str

    @property
    def default(self) -> str:
        return self.values[0]


@dataclass(frozen=True, slots=True)
class Number:
    """A switch with a number; word stands for infinity."""

    default: float
    about: str
    minimum: float = 0.0
    word: str = ""


def _choice(about: str, *values: str) -> Choice:
    return Choice(values, about)


_KORE: Final[dict[str, Choice | Number]] = {
    "page_params": _choice(
        "K 5.4: skip and limit, neither, page and limit, or skip counted in pages",
        "skip_limit",
        "ignored",
        "page",
        "skip_pages",
    ),
    "default_limit": Number(50, "K 5.4: rows of a page when none are asked for", 1),
    "max_limit": Number(100, "K 5.4: most rows of a page; clamped", 1, "none"),
    "default_order": _choice(
        "K 5.2: order without sortBy", "oldest_first", "newest_first"
    ),
    "date_filter_field": _choice(
        "K 5: what startDate and endDate test",
        "createdAt",
        "updatedAt",
        "dueDate",
        "ignored",
    ),
    "sort_forms": _choice(
        "K 5.2: spellings of sortBy", "object_and_string", "string", "ignored"
    ),
    "sort_unknown_field": _choice("K 5.2: unknown sort field", "ignored", "400"),
    "sort_updated_at": _choice(
        "K 10: sorting by modification time", "unsupported", "supported"
    ),
    "unresolved_filter": _choice(
        "K 5: unresolved leaves out: what is finished, all but open, or nothing",
        "finished",
        "all_but_open",
        "ignored",
    ),
    "filter_case": _choice(
        "K 5: status and priority names in filters", "insensitive", "sensitive"
    ),
    "search_scope": _choice(
        "K 5: what searchText looks at",
        "name_substring",
        "name_prefix",
        "name_and_ref",
        "name_and_desc",
        "ignored",
    ),
    "inactive_in_list": _choice("K 14.22: inactive records", "hidden", "shown"),
    "enforce_desc_case": _choice("K 3: createCase without desc is 412", "on", "off"),
    "enforce_due_date": _choice("K 3: createCase without dueDate is 412", "on", "off"),
    "enforce_desc_task": _choice("K 4: createTask without desc is 412", "off", "on"),
    "enforce_user_contact": _choice(
        "K 14.3: neither id, e-mail nor phone is 412", "off", "on"
    ),
    "create_case_contact": _choice(
        "K 14.2: where createCase reads the contact", "both", "top_level", "nested"
    ),
    "task_contact": _choice(
        "K 4: e-mail and phone in the userInfo of tasks", "hidden", "shown"
    ),
    "unknown_keys": _choice("K 3: keys in no table", "ignored", "rejected"),
    "case_ref_mismatch": _choice("K 4: wrong caseRefId", "400", "ignored"),
    "closed_case_blocks_tasks": _choice(
        "K 9.7: no task is created or changed in a closed case", "on", "off"
    ),
    "template_spawns_tasks": Number(0, "K 9.5: tasks a template adds to a new case"),
    "template_delay_s": Number(2, "K 12: seconds until they are there"),
    "desc_on_create": _choice(
        "K 14.27: does createCase store desc", "stored", "dropped"
    ),
    "desc_in_create_response": _choice("K 3", "absent", "present"),
    "due_date_in_create_response": _choice("K 3", "absent", "present"),
    "array_update": _choice("K 14.18: tags, fields", "replace", "append"),
    "object_update": _choice("K 14.18: userInfo", "replace", "merge"),
    "readonly_updates": _choice(
        "K 14.17: createdAt, refId and the like", "ignored", "applied"
    ),
    "missing_id_on_update": _choice("K 8.1: unknown id", "404", "400", "200_null"),
    "due_date_writes": _choice(
        "K 14.5: which update key sets the due date", "both", "dueDate", "ETA"
    ),
    "field_writes": _choice(
        "K 9.4: custom fields are written by", "fields", "top_level", "both"
    ),
    "status_write_by": _choice("K 6: status and priority named by", "id_or_name", "id"),
    "custom_field_keys": _choice(
        "K 9.4: custom fields as top-level keys", "on_update", "all_reads", "never"
    ),
    "category_codes": _choice("K 9.2: spelling of categories", "plain", "spelled"),
    "in_progress_label": _choice(
        "K 9.2: label of the second status", "In Progress", "In-Progress", "Progress"
    ),
    "case_updated_by_task": _choice(
        "K 10: a task's change moves its case's updatedAt", "no", "yes"
    ),
    "create_status": _choice("K 2.3: success code of creates", "200", "201"),
    "totals": _choice("K 5.3: totalPages and totalResults", "exact", "absent"),
    "jti": _choice(
        "K 7: without a replay check it is ignored", "optional", "enforced", "ignored"
    ),
    "rate_limit": _choice("K 8.2", "off", "429", "400", "hourly"),
    "rate_limit_per_minute": Number(60, "K 8.2", 1),
    "rate_limit_per_hour": Number(1800, "K 8.2", 1),
    "search_lag_s": Number(0, "seconds until a new record is listed"),
    "clock_offset_s": Number(0, "this system's clock minus the sandbox's", -1e9),
}

_CASEMGR: Final[dict[str, Choice | Number]] = {
    "date_filter_names": _choice(
        "C 10.1: createdDate/lastModifiedDate, created/lastModified, or none",
        "date",
        "plain",
        "unsupported",
    ),
    "activity_custom_filter": _choice(
        "C 10.2: custom.<name>=, custom=, refused, or accepted without effect",
        "dotted",
        "custom",
        "unsupported",
        "ignored",
    ),
    "case_custom_filter": _choice(
        "C 10.2, search and lookup of cases",
        "dotted",
        "custom",
        "unsupported",
        "ignored",
    ),
    "modified_filter": _choice(
        "C 8.1: the filter by last change of activities: a range, or without effect",
        "range",
        "ignored",
    ),
    "lookup_dates": _choice(
        "C 5.2: dates in caseLookup: a range, refused, no effect, or found nowhere",
        "range",
        "refused",
        "ignored",
        "nothing",
    ),
    "activity_department": _choice(
        "C 10.9: department in searchActivity by a client", "required", "optional"
    ),
    "department_alone": _choice(
        "C 3.2: is department enough of a filter", "accepted", "refused"
    ),
    "create_reply": _choice(
        "C 10.10: where the new id is", "location", "body", "body_list", "empty"
    ),
    "last_modified_shape": _choice("C 10.6", "flat", "nested", "nested_in_lookup"),
    "content_shape": _choice(
        "C 10.7: content.text/html, contents.content[], or content a plain string",
        "text_html",
        "contents",
        "string",
    ),
    "unknown_content": _choice(
        "C 10.7: content in another shape", "rejected", "dropped"
    ),
    "unknown_body": _choice("body keys in no table", "ignored", "rejected"),
    "link_shape": _choice("C 1.7", "array", "object"),
    "id_type": _choice("C 1.6", "string", "number"),
    "page_beyond_end": _choice("C 10.12", "204", "empty_list", "400"),
    "unknown_ids": _choice("C 10.16: some ids unknown", "subset", "404"),
    "complete_stale": _choice("C 10.4", "409", "400"),
    "partial_complete": _choice("C 10.15", "all_or_nothing", "partial"),
    "actor_rule": _choice(
        "C 10.8: who edits and completes; client, or only the assignee (403-105)",
        "client",
        "assignee",
    ),
    "create_customer_absent": _choice(
        "C 10.3: customer not found, createCustomer not sent", "error", "create"
    ),
    "several_customers": _choice(
        "C 6.6: look-up of a task finds several", "first", "newest", "error"
    ),
    "attribute_drop": _choice(
        "custom attributes of a create are silently not stored", "off", "on"
    ),
    "attribute_charset": _choice("C 4.3: alphabet of free values", "note_set", "any"),
    "empty_attribute": _choice(
        "C 10.19: an empty custom value", "clears", "stored", "rejected"
    ),
    "omitted_attributes": _choice(
        "C 4.3: custom attributes left out of an edit", "kept", "removed"
    ),
    "text_charset": _choice("C 10.31: subject and content", "any", "note_set"),
    "departmentalized": _choice("C 3.1: customers per department", "off", "on"),
    "edit_case_due_date": _choice("C 10.18: left out", "removed", "kept"),
    "edit_activity_due_date": _choice("C 10.18: left out", "kept", "removed"),
    "case_subject": _choice("C 10.30: subject ends in [#id]", "suffix", "plain"),
    "implicit_case_subject": _choice("C 10.21", "activity", "blank"),
    "implicit_case_owner": _choice("C 10.21", "assignee", "none"),
    "implicit_case_severity": _choice("C 10.21", "medium", "low", "high"),
    "pagination_count": _choice("C 10.11: count means", "rows", "pages", "total"),
    "force_categorization": _choice(
        "C 3.6: completion of unclassified activities is refused", "off", "on"
    ),
    "close_reply": _choice("C 2: success code of closeCase", "204", "200"),
    "activity_bumps_case": _choice(
        "C 10.20: an activity's change moves its case's lastModified", "no", "yes"
    ),
    "note_bumps": _choice("C 10.20: a note moves lastModified", "no", "yes"),
    "email_match": _choice("C 10.29", "insensitive", "sensitive"),
    "phone_match": _choice("C 5.1: unformatted", "exact", "digits"),
    "customer_lookup_lag": _choice(
        "C 10.23: the customer lag also holds inside createTask",
        "search_only",
        "create_too",
    ),
    "path_limit": Number(20000, "C 10.14: characters of ids in a path", 1),
    "token_life_s": Number(3600, "C 7: seconds a token lasts", 1),
    "scope_check": _choice("C 7: scopes of the token request", "any", "strict"),
    "granted": _choice("C 7: scopes of the token", "manage", "read", "case_only"),
    "on_behalf_of": _choice("C 7: grant_type=password", "supported", "refused"),
    "rate_limit": _choice("C 9.3", "off", "429"),
    "rate_limit_per_minute": Number(600, "C 9.3", 1),
    "search_lag_s": Number(0, "C 10.23: seconds until a write is searchable"),
    "customer_search_lag_s": Number(0, "C 10.23, customers"),
    "clock_offset_s": Number(0, "this system's clock minus the sandbox's", -1e9),
}

TABLE: Final[dict[str, Choice | Number]] = {
    **{f"kore.{name}": switch for name, switch in _KORE.items()},
    **{f"casemgr.{name}": switch for name, switch in _CASEMGR.items()},
}
