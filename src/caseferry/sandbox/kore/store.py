"""Kore's records, users and counters."""

from random import Random
from typing import Final

from caseferry.sandbox.kore.records import KoreCase, KoreRecord, KoreTask
from caseferry.sandbox.shelf import GroupIndex, Shelf, TimeIndex

_FIRST_REF: Final = 100


class KoreStore:
    """Cases and tasks on shelves, end users by id, e-mail and phone."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(f"{seed}:kore:ids")
        self.case_updated: TimeIndex[KoreCase] = TimeIndex("updated")
        self.case_created: TimeIndex[KoreCase] = TimeIndex("created")
        self.case_shelf: Shelf[KoreCase] = Shelf(self.case_updated, self.case_created)
        self.task_updated: TimeIndex[KoreTask] = TimeIndex("updated")
        self.task_created: TimeIndex[KoreTask] = TimeIndex("created")
        self.tasks_of: GroupIndex[KoreTask] = GroupIndex("case_id", lambda v: (v,))
        self.task_shelf: Shelf[KoreTask] = Shelf(
            self.task_updated, self.task_created, self.tasks_of
        )
        self._users: dict[str, dict[str, str]] = {}
        self._user_by_contact: dict[str, dict[str, str]] = {}
        self._next = {"CS": _FIRST_REF, "TS": _FIRST_REF}

    def new_id(self, prefix: str) -> str:
        """Return the next record id: 7-4-4-4-12 hex digits behind its prefix."""
        digits = f"{self.rng.getrandbits(124):031x}"
        return (
            f"{prefix}-{digits[:7]}-{digits[7:11]}-{digits[11:15]}"
            f"-{digits[15:19]}-{digits[19:]}"
        )

    def new_number(self, prefix: str) -> int:
        """Return the next number of a counter; refId is the prefix and six digits."""
        number = self._next[prefix]
        self._next[prefix] = number + 1
        return number

    def user(self, sent: dict[str, str]) -> dict[str, str]:
        """Return the end user that id, e-mail or phone name, made when unknown.

        A known id wins over any contact sent with it (K 3).
        """
        user_id = sent.get("_id", "")
        email, phone = sent.get("emailId", ""), sent.get("phoneNumber", "")
        known = self._users.get(user_id)
        if known is None and not user_id:
            known = self._user_by_contact.get(email.lower()) if email else None
            if known is None and phone and not email:
                known = self._user_by_contact.get(phone)
        if known is not None:
            return known
        digits = f"{self.rng.getrandbits(128):032x}"
        made = {"_id": user_id or "u-" + _uuid(digits), "name": sent.get("name", "")}
        if email:
            made["emailId"] = email
            self._user_by_contact.setdefault(email.lower(), made)
        if phone:
            made["phoneNumber"] = phone
            self._user_by_contact.setdefault(phone, made)
        self._users[made["_id"]] = made
        return made

    def touch(self, record: KoreRecord, now_ms: int) -> None:
        """Advance updatedAt; two writes of one record never share a stamp."""
        record.updated = max(now_ms, record.updated + 1)


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
