"""Titles and descriptions, ordinary and nasty."""

from random import Random
from typing import Final

_TITLES: Final = (
    "Double charge on invoice",
    "Router keeps rebooting",
    "Please change my delivery address",
    "Refund not received",
    "Cannot log in after update",
    "Cancel my subscription",
    "Wrong item delivered",
    "Question about the contract",
    "Installation appointment missed",
    "Warranty claim for a washing machine",
)
_TASKS: Final = (
    "Call the customer back",
    "Check the payment",
    "Ask the depot for the part",
    "Send the corrected invoice",
    "Confirm the appointment",
    "Review with the team lead",
)
_NASTY: Final = (
    "Rechnung für Müller & Söhne – Straße 5, 50 % Rabatt",
    "مشكلة في الفاتورة رقم 123",
    "בעיה בחשבונית 45",
    "請求書の件 𠮷野家 𡈽",
    "Family 👨‍👩‍👧‍👦 plan, flags 🇪🇺 and skin 👍🏽",
    "Ze\u0301lie\u0300 wants n\u0303 with \u0308 marks",
    "<b>Urgent</b> <script>alert('x')</script>",
    '=HYPERLINK("http://example.com";"click")',
    "Quotes \" and ' and \\ and / and {braces} [brackets]",
    "Line one\nline two\r\nline three\ttab",
    "Zero\u200bwidth \u202eright-to-left override\u202c \ufeffmark",
    "Controls \u0001\u001b[31mred\u001b[0m \u007f",
    "  leading and trailing blanks  ",
    "A very long title " + "that does not end " * 22,
    "Ticket [#1000] looks like a suffix",
    "null",
)
_BODIES: Final = (
    "The customer called twice about this and expects an answer today.",
    "<p>See the <a href='http://example.com/a?b=1'>order</a>.</p><script>x</script>",
    'First paragraph.\n\nSecond paragraph with "quotes".\n-- \nSent from my phone',
    "Long text. " * 120,
    "Déjà vu: l’été à Noël — 100 € … ½",
    "العميل يطلب استرداد المبلغ في أقرب وقت ممكن.",
    "お客様は返金を希望しています。𠮷 👩‍💻",
    "",
)


def title(rng: Random, n: int) -> str:
    """Return a case title; every third is nasty, in turn."""
    if n % 3 == 1:
        return _NASTY[n // 3 % len(_NASTY)]
    return f"{rng.choice(_TITLES)} {rng.randrange(10_000, 99_999)}"


def task_title(rng: Random, n: int) -> str:
    """Return a task title; every fifth is nasty, in turn."""
    if n % 5 == 2:
        return _NASTY[n // 5 % len(_NASTY)]
    return rng.choice(_TASKS)


def description(rng: Random) -> str:
    """Return a description; may be empty."""
    return rng.choice(_BODIES)
