"""One listing on its way into the state, a page a transaction."""

from collections.abc import Callable, Iterable

from caseferry.engine.changes import Resource
from caseferry.engine.context import Context
from caseferry.engine.watermark import move
from caseferry.errors import Interrupted
from caseferry.model.direction import NAMES
from caseferry.model.record import Key, Record
from caseferry.model.times import canonical_time, earlier, instant_of
from caseferry.ports import Page


class Scan:
    """Saves the pages of one listing, and keeps what its watermark needs.

    Attributes:
        records, changed: how many came, and how many of them were new or had changed.
        keys: of all records that came, where they are asked for.
        is_whole: the listing was read to its end, and is proved.
    """

    def __init__(self, context: Context, resource: Resource) -> None:
        self._context = context
        self._resource = resource
        self._began = ""  # the system's own time
        self._newest = ""
        self.records = 0
        self.changed = 0
        self.keys: set[Key] | None = None
        self.is_whole = False

    def take(
        self, pages: Iterable[Page], finish: Callable[["Scan"], None] | None = None
    ) -> None:
        """Save all pages.

        Args:
            pages: of the listing.
            finish: called in the transaction of the last page, when it is proved.

        Raises:
            Interrupted: asked to stop; what was saved is kept, the watermark stays.
        """
        context, resource = self._context, self._resource
        for page in pages:
            with context.store.transaction():
                self._save(page)
                self.is_whole = page.last
                if page.last and finish is not None:
                    finish(self)
            name = f"read {NAMES[resource.system]} {resource.entity}s"
            context.reporter.progress(name, self.records, page.total)
            if context.stopping:
                raise Interrupted("stopped while reading; nothing was written")

    def move_watermark(self) -> None:
        """Move the watermark over what was read; inside the last page's transaction."""
        move(self._context.store, self._resource, self._newest, self._overlap_s)

    @property
    def _overlap_s(self) -> float:
        settings = self._context.settings
        return max(settings.overlap_s, settings.visibility_lag_s)

    def _settled(self, page: Page) -> str:
        """Give the time before which all changes are surely listed.

        A listing may follow later than the replies to our own writes: it shows a record
        as it was before them, which would look as if somebody had taken them back.
        """
        if page.at is None:
            return ""
        return earlier(canonical_time(page.at), self._overlap_s)

    def _save(self, page: Page) -> None:
        context, system = self._context, self._resource.system
        if not self._began and page.at is not None:
            self._began = canonical_time(page.at)
        self.changed += context.store.save_records(
            context.run, system, page.records, settled_before=self._settled(page)
        )
        self.records += len(page.records)
        for record in page.records:
            self._note(record)

    def _note(self, record: Record) -> None:
        if self.keys is not None:
            self.keys.add(record.key)
        changed = instant_of(record.version)
        if self._newest < changed <= self._began:
            self._newest = changed
