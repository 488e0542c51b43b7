"""An undo, or the plan of one, as text: first what it leaves as it is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from caseferry.model.direction import NAMES
from caseferry.report.text import duration, number, plural, table, visible, wrapped

_EXAMPLES: Final = 3
_ROWS: Final = (
    ("finish", "finished", "would be finished"),
    ("update", "put back", "would be put back"),
    ("reopen", "opened for a while", "would be opened for a while"),
    ("note", "marked by a note", "would be marked by a note"),
    ("unchanged", "as is", "as is"),
    ("waiting", "waiting", "waiting"),
    ("set_aside", "left for you", "left for you"),
    ("quarantine", "refused", "refused"),
    ("uncertain", "uncertain", "uncertain"),
)
_ALWAYS: Final = ("finish", "update", "unchanged")
_FINISHED: Final = ("close", "complete")


def cannot_lines(data: Mapping[str, Any], *, examples: int = _EXAMPLES) -> list[str]:
    """List what an undo leaves as it is, by cause, the most frequent first."""
    counts = data["cannot_counts"]
    if not counts:
        return ["Everything that the run wrote can be undone."]
    lines = ["What cannot be undone, and stays as it is:"]
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        these = [entry for entry in data["cannot"] if entry["code"] == code]
        shown = [entry for entry in these if entry["key"]][:examples]
        head = f"{code}: {these[0]['reason']}" if these else code
        lines += wrapped(visible(head), "  ", "    ")
        lines += [f"      {visible(_place(entry))}" for entry in shown]
        if count > len(shown) and shown:
            lines.append(f"      … {number(count)} in all")
    return lines


def undone_lines(data: Mapping[str, Any], run: int, steps: Sequence[str]) -> list[str]:
    """Give the counts of an undo, what it costs, and what to type next.

    Args:
        data: as in the JSON output.
        run: the number of the undo itself.
        steps: commands, with why.
    """
    dry = data["dry_run"]
    what = "Plan" if dry else "Run"
    took = duration(data["duration_s"])
    lines = [f"{what} {run}: run {data['undone_run']} taken back, {took}", ""]
    lines += _counts(data, dry=dry)
    for cause in data["causes"]:
        kind = cause["kind"].replace("_", " ")
        lines.append(f"    {kind}: {number(cause['count'])} {visible(cause['code'])}")
    lines += _requests(data, dry=dry)
    if steps:
        lines += ["", "Next:"]
        lines += [line for step in steps for line in wrapped(step, "  ", "    ")]
    return lines


def _place(entry: Mapping[str, Any]) -> str:
    return f"{entry['key']}, {entry['field']}" if entry["field"] else entry["key"]


def _counts(data: Mapping[str, Any], *, dry: bool) -> list[str]:
    rows = []
    actions = data["actions"]
    for kind, done, planned in _ROWS:
        case, task = _of(actions["case"], kind), _of(actions["task"], kind)
        if case or task or kind in _ALWAYS:
            rows.append((planned if dry else done, number(case), number(task)))
    lines = table(rows, ("", "cases", "tasks"), right=frozenset({1, 2}))
    if opener := actions["opener"]["complete"]:
        verb = "to be completed" if dry else "completed"
        lines.append(f"  openers: {number(opener)} {verb}")
    return lines


def _of(counts: Mapping[str, int], kind: str) -> int:
    kinds = _FINISHED if kind == "finish" else (kind,)
    return sum(counts.get(each, 0) for each in kinds)


def _requests(data: Mapping[str, Any], *, dry: bool) -> Iterator[str]:
    for system, name in NAMES.items():
        counts = data["requests"][system]
        text = f"{name}: {plural(counts['sent'], 'request')} sent"
        if dry and counts["planned"]:
            text += f", about {number(counts['planned'])} to write"
        yield f"  {text}"
