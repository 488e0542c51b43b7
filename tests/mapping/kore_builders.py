"""Plain builders for the way to Kore: casemgr records, customers, groups."""

from caseferry.mapping.compile import Mapper
from caseferry.model.customer import Customer, CustomerContact
from caseferry.model.mapped import KoreGroup, MappedField, MappedRecord
from caseferry.model.record import Entity, Record, Value, activity_key, case_key
from mapping.builders import NOW, mapper

CASE = {
    "subject": "Charged twice",
    "description": "The card was charged twice.",
    "severity": "medium",
    "status": "open",
    "department": "Service",
    "customer": "1000",
    "dueDate": "2026-06-01T09:30:00.123Z",
}
TASK = {
    "subject": "Call Ada",
    "content.text": "Ask for the receipt.",
    "priority": "4",
    "status": "assigned",
    "type": "task",
    "subtype": "general",
    "department": "Service",
    "customer": "1000",
}
ADA = CustomerContact(
    name="Ada King",
    emails=("Ada@Example.com", "a@king.example"),
    phones=("0301234567",),
)
BOB = CustomerContact(name="Bob Ray", emails=("bob@example.com",))
CUSTOMER = Customer(id="1000", name="Ada King", contacts=(ADA,))


def casemgr_case(**fields: Value | None) -> Record:
    """Make a case; a field given as None is absent, `__` in a name is a dot."""
    return Record(
        key=case_key("1003"),
        entity=Entity.CASE,
        parent=None,
        version="1",
        fields=_fields(CASE, fields),
    )


def an_activity(number: int = 1, **fields: Value | None) -> Record:
    """Make a task activity of that case."""
    return Record(
        key=activity_key(str(2000 + number)),
        entity=Entity.TASK,
        parent=case_key("1003"),
        version="1",
        fields=_fields(TASK, fields),
    )


def _fields(usual: dict[str, str], own: dict[str, Value | None]) -> dict[str, Value]:
    given = {name.replace("__", "."): value for name, value in own.items()}
    named: dict[str, Value | None] = {**usual, **given}
    return {name: value for name, value in named.items() if value is not None}


def to_kore(
    case: Record,
    *activities: Record,
    customer: Customer | None = CUSTOMER,
    by: Mapper | None = None,
) -> KoreGroup:
    """Map a group towards Kore, with the default mapping unless told otherwise."""
    return (by or mapper()).map_to_kore(case, activities, customer, NOW)


def kore_field(record: MappedRecord, name: str) -> MappedField:
    """Give one Kore field; it must be there exactly once."""
    (found,) = [field for field in record.fields if field.kore == name]
    return found


def kore_value(record: MappedRecord, name: str) -> Value | None:
    """Give what one Kore field should hold."""
    return kore_field(record, name).value
