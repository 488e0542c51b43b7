"""People: shared names, differing letter case, phone only, no contact, every script."""

from dataclasses import dataclass
from random import Random
from typing import Final

_FIRST: Final = (
    "Anna", "Ben", "Chloé", "Dmitri", "Élodie", "Farah", "Giulia", "Hiro", "Ingrid",
    "José", "Katarzyna", "Liam", "Mónica", "Nguyễn", "Olu", "Priya", "Quentin",
    "Rosa", "Søren", "Tove", "Ursula", "Víctor", "Wanjiru", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
_LAST: Final = (
    "Almeida", "Bauer", "Castro", "D'Arcy", "Eriksson", "Fischer", "García", "Haddad",
    "Ivanova", "Jensen", "Kowalski", "Lefèvre", "Müller", "Nakamura", "O'Neill",
    "Petrov", "Quispe", "Rossi", "Smith-Jones", "Tanaka", "Usman", "van der Berg",
    "Wójcik", "Xu", "Yılmaz", "Zieliński",
)  # fmt: skip
_WORLD: Final = (
    ("محمد", "الأحمد"),
    ("דוד", "כהן"),
    ("美咲", "佐藤"),
    ("𠮷", "𡈽屋"),  # astral CJK
    ("Ze\u0301lie", "N\u0303andu\u0301"),  # combining marks
    ("👩‍🚀 Sam", "O’Brien"),  # emoji with a zero-width joiner
    ("अनन्या", "शर्मा"),
    ("Ольга", "Щербакова"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with or without an e-mail address and a phone number."""

    first: str
    last: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()


def make_people(rng: Random, count: int, domain: str) -> list[Person]:
    """Return people, at least ten; the kinds repeat every ten."""
    people: list[Person] = []
    for n in range(max(count, 10)):
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        email = f"{_ascii(first)}.{_ascii(last)}.{n}@{domain}"
        phone = f"+1{rng.randrange(2_000_000_000, 9_999_999_999)}"
        people.append(_kind(n, Person(first, last, email, phone), people))
    return people


def _kind(n: int, usual: Person, before: list[Person]) -> Person:
    kind = n % 10
    if kind == 3:
        first, last = _WORLD[n // 10 % len(_WORLD)]
        return Person(first, last, usual.email, "")
    if kind == 5:  # the same name as somebody else, another address
        return Person(before[-1].first, before[-1].last, usual.email, "")
    if kind == 6:  # phone only
        return Person(usual.first, usual.last, "", usual.phone)
    if kind == 7:  # nothing at all
        return Person(usual.first, "", "", "")
    if kind == 8:  # somebody else's address in another letter case
        other = before[n - 8]
        return Person(other.first, other.last, other.email.title(), "")
    return usual if kind % 2 else Person(usual.first, usual.last, usual.email, "")


def _ascii(text: str) -> str:
    return "".join(c for c in text.lower() if c.isascii() and c.isalpha()) or "x"
