"""In which of the documented shapes a tenant shows its activities."""

from collections.abc import Sequence
from typing import Any

from caseferry.adapters.asking import Answers
from caseferry.adapters.shapes import items, mapping

Row = dict[str, Any]


class ShapeProbe:
    """Looks at rows that were read for other questions; asks for nothing."""

    def __init__(self, answers: Answers, rows: Sequence[Row]) -> None:
        self._answers = answers
        self._rows = rows

    def run(self, *, quick: bool) -> None:
        """Tell what the rows show."""
        self._answers.ask("id_type", self._id_type)
        self._answers.ask("last_modified_shape", self._last_modified)
        if not quick:
            self._answers.ask("link_shape", self._links)
            self._answers.ask("content_shape", self._content)

    def _id_type(self) -> tuple[object, str] | str:
        if not self._rows:
            return "no activity was seen"
        kinds = {
            "string" if isinstance(r.get("id"), str) else "number" for r in self._rows
        }
        if len(kinds) > 1:
            return "ids come as texts and as numbers"
        return kinds.pop(), f"{len(self._rows)} activities"

    def _last_modified(self) -> tuple[object, str] | str:
        stamps = [r["lastModified"] for r in self._rows if r.get("lastModified")]
        if not stamps:
            return "no stamp was seen"
        if any(isinstance(stamp, dict) for stamp in stamps):
            return "nested", f"{len(stamps)} activities"
        return "flat", f"{len(stamps)} activities; a look-up of cases may differ"

    def _links(self) -> tuple[object, str] | str:
        links = [r["link"] for r in self._rows if r.get("link")]
        if not links:
            return "no link was seen"
        shape = "object" if any(isinstance(link, dict) for link in links) else "array"
        return shape, f"{len(links)} activities"

    def _content(self) -> tuple[object, str] | str:
        for row in self._rows:
            task = mapping(mapping(row.get("payload")).get("task"))
            if "contents" in task:
                return "contents", "payload.task.contents"
            content = task.get("content")
            if isinstance(content, str):
                return "string", "payload.task.content is a text"
            if isinstance(content, dict) and content:
                return "text_html", f"payload.task.content.{next(iter(content))}"
            if items(content):
                return "contents", "payload.task.content is a list"
        return "no task with content was seen"
