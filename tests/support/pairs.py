"""Which records belong together, by the keys that each carries of the other."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from support.chronicle import PERSON, Chronicle


class Pairs:
    """The pairs of a chronicle's records."""

    def __init__(self, tale: Chronicle) -> None:
        self.tale = tale
        self._of: dict[str, str] = {}

    def of(self, key: str) -> str | None:
        """Give the counterpart of a record."""
        return self._of.get(key)

    def look(self, *, lost: bool, broken: Sequence[int]) -> Iterator[str]:
        """Find out which records belong together, and complain of third ones.

        Args:
            lost: the state was lost once, or an older one restored.
            broken: when runs died, or replies were lost.
        """
        partners: dict[str, set[str]] = defaultdict(set)
        places: Counter[str] = Counter()
        for one, other, place in self._named():
            places[place] += 1
            partners[one].add(other)
            partners[other].add(one)
        for key, others in partners.items():
            excused = lost and self._is_hidden(key, others)
            if len(others) > 1 and not excused and not self._missed(others, broken):
                yield f"{key} has several counterparts: {sorted(others)}"
            self._of[key] = min(others)
        for home, source in self._opened():
            if home not in partners and source not in partners:
                self._of |= {home: source, source: home}
        for place, count in places.items():
            excused = lost and self._hidden_twice(place)
            found = self._with_key(place)
            if count > 1 and not excused and not self._missed(found, broken):
                yield f"{place} is there {count} times"

    def _is_hidden(self, key: str, others: set[str]) -> bool:
        """Tell whether a lost state could not know of the other one.

        Kore hid it, and what it was made of took no key any more: it had ended.
        """
        source = self.tale.now(key)
        if source["keys"] or not source["ended"]:
            return False
        hidden = [o for o in others if not self.tale.now(o).get("active", True)]
        return len(others) - len(hidden) <= 1

    def _missed(self, others: set[str], broken: Sequence[int]) -> bool:
        """Tell whether Kore hid a record before a lost reply could be settled.

        Kore may leave hidden records out of its listings, and has no call to read one.
        """
        born = {other: self.tale.history[other, ""][0].n for other in others}
        last = max(born.values(), default=0)
        return len(others) > 1 and all(
            self.tale.at(other, "active", last) is False
            and any(n < b < last for b in broken)
            for other, n in born.items()
            if n != last
        )

    def _with_key(self, place: str) -> set[str]:
        name = place.split(maxsplit=1)[0]
        return {k for k in self.tale.all_keys() if name in self.tale.now(k)["keys"]}

    def _hidden_twice(self, place: str) -> bool:
        name, found = place.split(maxsplit=1)[0], self._with_key(place)
        kind = "case" if name.startswith("c.") else "activity"
        source = f"casemgr:{kind}:{name[2:]}"
        return place.endswith("Kore") and self._is_hidden(source, found)

    def _named(self) -> Iterator[tuple[str, str, str]]:
        for key in self.tale.all_keys():
            for name in self.tale.now(key)["keys"]:
                role, source = name.split(".")[:2]
                if role not in ("c", "t"):
                    continue
                if not key.startswith("kore:"):
                    yield key, f"kore:{source}", f"{name} in casemgr"
                    continue
                kind = "case" if role == "c" else "activity"
                if not source.startswith(("ci-", "ti-")):
                    yield key, f"casemgr:{kind}:{source}", f"{name} in Kore"

    def _opened(self) -> Iterator[tuple[str, str]]:
        """Give cases of ours that ended before they took a key, by what is in them."""
        for key in self.tale.all_keys():
            home = self.tale.now(key).get("case", "")
            if not home.startswith("casemgr:") or self._is_known(home):
                continue
            for name in self.tale.now(key)["keys"]:
                role, source = name.split(".")[:2]
                if role == "o":
                    yield home, f"kore:{source}"
                elif role == "t":
                    yield home, self.tale.now(f"kore:{source}")["case"]

    def _is_known(self, home: str) -> bool:
        """Tell whether a case tells by itself what it is, or may still be told."""
        fields = self.tale.now(home)
        is_theirs = self.tale.history[home, ""][0].who == PERSON
        return is_theirs or bool(fields["keys"]) or not fields["ended"]
