"""The store in memory: the same promises as the SQLite one, for tests and rehearsals.

A crash is an exception: what was not committed is gone, as after `kill -9`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from caseferry.adapters.memory_journal import MemoryJournal
from caseferry.adapters.memory_rows import (
    Seen,
    Snapshot,
    created,
    in_order,
    is_done,
)
from caseferry.errors import InvariantBroken, StateError
from caseferry.model.correlation import Role, TenantPair
from caseferry.model.link import (
    Hold,
    Link,
    Retired,
)
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    is_outdated,
    record_fingerprint,
)
from caseferry.ports import CustomerFound


class MemoryStore(MemoryJournal):
    """The port `Store`, kept in dictionaries with an undo log.

    Where a method says nothing, it does what the port says.
    """

    # identity and runs --------------------------------------------------------
    def bind(self, pair: TenantPair) -> None:
        """Record the tenant pair at first use.

        Raises:
            StateError: `state-other-pair`, the state belongs to another pair.
        """
        with self.transaction():
            known = self._table("meta").get("pair")
            if known not in (None, pair):
                raise StateError(
                    f"the state belongs to {known}, not to {pair}",
                    code="state-other-pair",
                )
            self._put("meta", "pair", pair)

    def begin_run(self, command: str, at: str, inputs: Mapping[str, str]) -> int:
        number = max(self._table("run"), default=0) + 1
        self._put("run", number, (command, at, dict(inputs)))
        return number

    def end_run(
        self, run: int, at: str, *, exit_code: int, summary: Mapping[str, object]
    ) -> None:
        """Record how a run ended. No such run: `InvariantBroken`."""
        with self.transaction():
            self._check_run(run)
            self._put("end", run, (at, exit_code, dict(summary)))

    # observations -------------------------------------------------------------
    def save_records(
        self,
        run: int,
        system: System,
        records: Iterable[Record],
        *,
        settled_before: str = "",
    ) -> int:
        """Keep records as seen in this run; gives how many were new or had changed.

        No such run: `InvariantBroken`.
        """
        changed = 0
        with self.transaction():
            self._check_run(run)
            for record in records:
                known = self._table("record").get(record.key)
                if known and is_outdated(
                    record.version, known.record.version, settled_before
                ):
                    self._put("record", record.key, replace(known, run=run))
                    continue
                before = known and record_fingerprint(known.record)
                is_change = before != record_fingerprint(record)
                changed += is_change
                last = max(known.changed if known else 0, run if is_change else 0)
                seen = Seen(run=run, changed=last, system=system, record=record)
                self._put("record", record.key, seen)
        return changed

    def count_records(self, run: int, system: System, entity: Entity) -> int:
        return len(self._seen(run, system, entity))

    def case_keys(
        self, run: int, *, only: Sequence[Key] = (), system: System = System.KORE
    ) -> Iterator[Key]:
        """Give the cases seen in this run or later: open first, newest first.

        The order is settled at the first step.
        """
        wanted = frozenset(only)
        cases = in_order(self._seen(run, system, Entity.CASE))
        yield from [case.key for case in cases if not wanted or case.key in wanted]

    def changed_cases(self, system: System, since_run: int) -> Iterator[Key]:
        """Give the cases that changed in this run or later, or a task of theirs did.

        The order is settled at the first step.
        """
        moved = {
            seen.record.key if seen.record.entity is Entity.CASE else seen.record.parent
            for seen in self._table("record").values()
            if seen.system is system and seen.changed >= since_run
        }
        cases = in_order(self._seen(0, system, Entity.CASE))
        yield from [case.key for case in cases if case.key in moved]

    def changed_records(
        self, system: System, entity: Entity, since_run: int
    ) -> Iterator[Record]:
        rows = sorted(self._table("record").items())
        return iter(
            [
                seen.record
                for _, seen in rows
                if (seen.system, seen.record.entity) == (system, entity)
                and seen.changed >= since_run
            ]
        )

    def touched_cases(self, since_run: int) -> list[Key]:
        moved = {
            key
            for key, seen in self._table("record").items()
            if seen.changed >= since_run
        }
        rows = self._table("link").items()
        return sorted({case for key, (_, case) in rows if key in moved})

    def count_links(self) -> int:
        counted = (Role.CASE, Role.TASK)
        return sum(x.role in counted and not x.tombstone for x in self.links())

    def groups(
        self, run: int, cases: Sequence[Key]
    ) -> list[tuple[Record, tuple[Record, ...]]]:
        both = tuple(System)
        found = {
            c.key: c for system in both for c in self._seen(run, system, Entity.CASE)
        }
        tasks = [t for system in both for t in self._seen(run, system, Entity.TASK)]
        tasks.sort(key=lambda task: (created(task), task.key))
        return [
            (found[case], tuple(task for task in tasks if task.parent == case))
            for case in cases
            if case in found
        ]

    def orphan_tasks(self, run: int, system: System = System.KORE) -> Iterator[Record]:
        cases = {case.key for case in self._seen(run, system, Entity.CASE)}
        tasks = self._seen(run, system, Entity.TASK)
        return (task for task in tasks if task.parent not in cases)

    def records(self, run: int, system: System, entity: Entity) -> Iterator[Record]:
        return iter(self._seen(run, system, entity))

    def record(self, key: Key) -> Record | None:
        seen = self._table("record").get(key)
        return seen.record if seen else None

    def records_of(self, run: int, keys: Sequence[Key]) -> dict[Key, Record]:
        seen = [self._table("record").get(key) for key in keys]
        return {s.record.key: s.record for s in seen if s and s.run >= run}

    def open_keys(
        self, system: System, entity: Entity, since_run: int
    ) -> Iterator[Key]:
        known = self._seen(since_run, system, entity)
        return (record.key for record in known if not is_done(record))

    def stale(self, system: System, entity: Entity, since_run: int) -> Iterator[Key]:
        later = {record.key for record in self._seen(since_run, system, entity)}
        known = self._seen(0, system, entity)
        return (record.key for record in known if record.key not in later)

    def _seen(self, run: int, system: System, entity: Entity) -> list[Record]:
        rows = sorted(self._table("record").items())
        return [
            seen.record
            for _, seen in rows
            if seen.run >= run and (seen.system, seen.record.entity) == (system, entity)
        ]

    # links --------------------------------------------------------------------
    def links_of(self, cases: Sequence[Key]) -> dict[Key, list[Link]]:
        found: dict[Key, list[Link]] = {}
        for link in self.links():
            owner = self._owner(link)
            if owner in cases:
                found.setdefault(owner, []).append(link)
        return found

    def _owner(self, link: Link) -> Key:
        _, case = self._table("link")[link.casemgr]
        task = self.record(link.kore) if link.role is Role.TASK else None
        return Key(task.parent if task and task.parent else case)

    def links_to(self, keys: Sequence[Key]) -> dict[Key, Link]:
        rows = self._table("link")
        return {key: rows[key][0] for key in keys if key in rows}

    def link(self, key: Key) -> Link | None:
        roles = (Role.CASE, Role.TASK)
        own = [
            link
            for link in self.links()
            if link.casemgr == key or (link.kore == key and link.role in roles)
        ]
        return max(own, key=lambda link: link.generation, default=None)

    def links(self) -> Iterator[Link]:
        links = [link for link, _ in self._table("link").values()]
        return iter(
            sorted(links, key=lambda each: (each.kore, each.role, each.generation))
        )

    def unfinished_cases(self) -> list[Key]:
        rows = self._table("link").values()
        return sorted(
            {case for link, case in rows if not link.finished and not link.tombstone}
        )

    def save_link(self, link: Link, case: Key) -> None:
        """Insert or replace a link of this Kore case.

        A tombstone of the same Kore record, role and generation makes room.

        Raises:
            InvariantBroken: the casemgr record is linked to another Kore record, or
                this role of the Kore record to another casemgr record.
        """
        place = (link.kore, link.role, link.generation)
        with self.transaction():
            for other, _ in list(self._table("link").values()):
                same = other.casemgr == link.casemgr
                twin = (other.kore, other.role, other.generation) == place
                if (same and other.kore != link.kore) or (
                    twin and not same and not other.tombstone
                ):
                    raise InvariantBroken(
                        f"{other.casemgr} is linked to {other.kore}", key=link.casemgr
                    )
                if twin:
                    self._drop("link", other.casemgr)
            self._put("link", link.casemgr, (link, case))

    def delete_link(self, casemgr: Key) -> None:
        self._drop("link", casemgr)

    def retired(self, keys: Sequence[Key]) -> list[Retired]:
        rows = sorted(self._table("retired").items())
        return [each for _, each in rows if {each.target, each.source} & {*keys}]

    def save_retired(self, retired: Retired) -> None:
        known = self._table("retired").get(retired.target, retired)
        self._put("retired", retired.target, known)

    def delete_retired(self, target: Key) -> None:
        self._drop("retired", target)

    # holds, facts, customers --------------------------------------------------
    def save_hold(self, run: int, hold: Hold) -> None:
        """Insert or replace the hold on a record. No such run: `InvariantBroken`."""
        known = self._table("hold").get(hold.key)
        with self.transaction():
            if known is None or (known.kind, known.code) != (hold.kind, hold.code):
                self._check_run(run)  # else the run that found it first is kept
            self._put("hold", hold.key, hold)

    def delete_hold(self, key: Key) -> None:
        self._drop("hold", key)

    def holds(self, keys: Sequence[Key] | None = None) -> dict[Key, Hold]:
        rows = sorted(self._table("hold").items())
        return {key: hold for key, hold in rows if keys is None or key in keys}

    def get_fact(self, name: str) -> str | None:
        return self.facts(name).get(name)

    def set_fact(self, name: str, value: str) -> None:
        self._put("fact", name, value)

    def facts(self, prefix: str) -> dict[str, str]:
        rows = sorted(self._table("fact").items())
        return {name: value for name, value in rows if name.startswith(prefix)}

    def customers(self, wanted: Sequence[tuple[str, str]]) -> list[CustomerFound]:
        known = self._table("customer")
        return [known[pair] for pair in dict.fromkeys(wanted) if pair in known]

    def save_customers(self, found: Sequence[CustomerFound]) -> None:
        with self.transaction():
            for each in found:
                if each.customers:
                    self._put("customer", (each.attribute, each.value), each)


__all__ = ["MemoryStore", "Snapshot"]
