"""Whom a create names: from what look-ups have said so far to a choice; pure."""

from dataclasses import dataclass, field

from caseferry.model.action import CustomerDraft
from caseferry.model.customer import Customer
from caseferry.model.mapped import CustomerWish
from caseferry.reconcile.view import NOT_SHOWN_YET, NOT_TOLD_APART, CustomerChoice

EMAIL = "email.emailAddress"
Ask = tuple[str, str, str]
"""A look-up: department, attribute, value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A create that has to name a customer.

    Attributes:
        wish: how the mapping wants the customer to be found.
        department: that the create lands in.
        owner: the id of its case's customer, where casemgr shows the case and him.
    """

    wish: CustomerWish
    department: str
    owner: str = ""


@dataclass(slots=True, kw_only=True)
class Answers:
    """What is known so far, and what has to be asked next.

    Attributes:
        found: by look-up, who was found.
        people: customers that were read, by id; None for one that is not shown.
        asks: look-ups that are wanted.
        unread: ids of customers that are wanted.
    """

    found: dict[Ask, tuple[str, ...]] = field(default_factory=dict)
    people: dict[str, Customer | None] = field(default_factory=dict)
    asks: dict[Ask, None] = field(default_factory=dict)
    unread: dict[str, None] = field(default_factory=dict)

    def of(self, ask: Ask) -> tuple[str, ...] | None:
        """Give who was found; None, and a note of it, where nobody asked yet."""
        if ask not in self.found:
            self.asks[ask] = None
        return self.found.get(ask)


def choose(wanted: Wanted, answers: Answers) -> CustomerChoice | None:
    """Follow the look-ups as far as answers are known; None where more are needed.

    What lands in a case that is there is for that case's customer, whomever Kore's
    contact finds by now: agents may have changed either.
    """
    choice = _by_contact(wanted.wish, wanted.department, answers)
    if choice is None or not wanted.owner or _finds_owner(choice, wanted, answers):
        return choice
    return _by_owner(wanted, answers)


def _finds_owner(choice: CustomerChoice, wanted: Wanted, answers: Answers) -> bool:
    draft = choice.draft
    if draft is None:
        return False
    ask = (wanted.department, draft.attribute, draft.value)
    return answers.found.get(ask) == (wanted.owner,)


def _by_owner(wanted: Wanted, answers: Answers) -> CustomerChoice | None:
    """Name a case's customer by the first of its own points that finds it alone."""
    owner = wanted.owner
    if owner not in answers.people:
        answers.unread[owner] = None
        return None
    person = answers.people[owner]
    points = [p for c in person.contacts for p in c.points] if person else []
    anybody = False
    for attribute, value in points:
        found = answers.of((wanted.department, attribute, value))
        if found is None:
            return None
        if found == (owner,):
            draft = CustomerDraft(attribute=attribute, value=value)
            return CustomerChoice(draft=draft, outcome="matched")
        anybody |= bool(found)
    return _nobody_but(owner, is_shown=anybody or (person is not None and not points))


def _nobody_but(owner: str, *, is_shown: bool) -> CustomerChoice:
    if not is_shown:
        reason = f"nothing finds its case's customer {owner} yet; tried again next run"
        return CustomerChoice(code=NOT_SHOWN_YET, reason=reason)
    reason = (
        f"no contact point finds its case's customer {owner}, and only that one; give "
        "the customer an e-mail address of its own, then use `caseferry retry`"
    )
    return CustomerChoice(code=NOT_TOLD_APART, reason=reason)


def _by_contact(
    wish: CustomerWish, department: str, answers: Answers
) -> CustomerChoice | None:
    """Follow the attempts as far as answers are known; note the next look-up."""
    if not wish.attempts:
        if wish.no_contact == "placeholder":
            return _placeholder(wish, department, answers)
        reason = "the record names no e-mail address and no phone number"
        return CustomerChoice(code="no-contact", reason=reason)
    several = False
    for attempt in wish.attempts:
        for value in attempt.spellings:
            ask = (department, attempt.attribute, value)
            if (found := answers.of(ask)) is None:
                return None
            if len(found) == 1:
                draft = CustomerDraft(attribute=attempt.attribute, value=value)
                return CustomerChoice(draft=draft, outcome="matched")
            several |= bool(found)
    if several:
        reason = "several customers carry its contact attributes; none is guessed"
        code = "customer-ambiguous"
        return CustomerChoice(code=code, reason=reason, outcome="ambiguous")
    return _nobody_found(wish, department, answers)


def _nobody_found(
    wish: CustomerWish, department: str, answers: Answers
) -> CustomerChoice | None:
    if wish.none_found == "placeholder":
        return _placeholder(wish, department, answers)
    if wish.none_found == "quarantine":
        reason = "no customer carries its contact attributes"
        return CustomerChoice(code="customer-not-found", reason=reason)
    first = wish.attempts[0]
    draft = CustomerDraft(
        attribute=first.attribute,
        value=first.spellings[0],
        create=True,
        first_name=wish.first_name,
        last_name=wish.last_name,
        email=wish.email,
        phone=wish.phone,
    )
    return CustomerChoice(draft=draft, outcome="created")


def _placeholder(
    wish: CustomerWish, department: str, answers: Answers
) -> CustomerChoice | None:
    ask = (department, EMAIL, wish.placeholder)
    if (found := answers.of(ask)) is None:
        return None
    draft = CustomerDraft(
        attribute=EMAIL,
        value=wish.placeholder,
        create=not found,
        first_name="No contact",
        email=wish.placeholder,
        placeholder=True,
    )
    return CustomerChoice(draft=draft, outcome="placeholder")
