"""Our keys in a Kore record: taken out of its texts and tags, and put back on a write.

A record shows the keys as `marker`. Where each of them stands is kept beside it, so
that a write of a text or of the tags loses none, not even another pair's:
`marker.name` and `marker.desc` hold the markers as spelled there, `marker.tags` the
keys of the tags.
"""

from collections.abc import Iterable, Mapping

from caseferry.model.correlation import MARK, parse_correlation, parse_retired
from caseferry.model.marker import TAG, Marker, with_marker, without_markers
from caseferry.model.record import Value, canonical

MARKED_TEXTS = ("name", "desc")
_BEGIN = f"[{MARK}."
_TAG_BEGIN = f"{TAG}{MARK}"


def take_marks(fields: dict[str, Value]) -> None:
    """Move our marks out of `name`, `desc`, `tags` and a made-up `dueDate`."""
    keys: list[str] = []
    dues: set[str] = set()
    for name in MARKED_TEXTS:
        text = fields.get(name)
        if isinstance(text, str) and _BEGIN in text:
            for marker in _take_from_text(fields, name, text):
                keys.append(marker.correlation)
                dues.add(marker.due)
    if (tags := fields.get("tags")) is not None:
        keys += _take_from_tags(fields, parts(tags))
    if not keys:
        return
    put(fields, "marker", dict.fromkeys(keys))
    due = fields.get("dueDate")
    if isinstance(due, str) and due in dues:
        fields["marker.due"] = fields.pop("dueDate")


def markers_of(fields: Mapping[str, Value], name: str) -> tuple[Marker, ...]:
    """Give the markers that stand in one text of a record."""
    return tuple(
        marker
        for spelled in parts(fields.get(f"marker.{name}"))
        for marker in without_markers(spelled)[1]
    )


def text_with(text: str, markers: Iterable[Marker], name: str) -> str:
    """Spell a text with its markers; what looks like one in the text itself goes."""
    whole = without_markers(text)[0]
    for marker in markers:
        whole = with_marker(whole, marker, line=name == "desc")
    return whole


def parts(value: Value | None) -> tuple[str, ...]:
    """Give a value as several."""
    if value is None or value == "":
        return ()
    return (value,) if isinstance(value, str) else value


def put(fields: dict[str, Value], name: str, values: Iterable[str]) -> None:
    """Set a field; without a value it is taken away."""
    found = canonical(list(values))
    if found is None:
        fields.pop(name, None)
    else:
        fields[name] = found


def _take_from_text(
    fields: dict[str, Value], name: str, text: str
) -> tuple[Marker, ...]:
    clean, markers = without_markers(text)
    if markers:
        put(fields, name, (clean,))
        put(fields, f"marker.{name}", [str(marker) for marker in markers])
    return markers


def _take_from_tags(fields: dict[str, Value], tags: tuple[str, ...]) -> list[str]:
    ours = [tag for tag in tags if is_tag(tag)]
    if not ours:
        return []
    keys = [tag.removeprefix(TAG) for tag in ours]
    put(fields, "tags", [tag for tag in tags if tag not in ours])
    put(fields, "marker.tags", keys)
    return keys


def is_tag(tag: str) -> bool:
    """Tell whether a tag carries a key of ours, of any pair, taken back or not."""
    if not tag.startswith(_TAG_BEGIN):
        return False
    key = tag.removeprefix(TAG)
    return (parse_correlation(key) or parse_retired(key)) is not None
