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
_PLANES: Final = (
    "Old script 𐎀𐎁, music 𝄞 and 🧾",
    "稀な漢字 𠀋 𡈽 𪚥 𰻞",
    "Tags \U000e0041\U000e007f and selectors 葛\U000e0100",
    "Private \U000f0001 and \U00100001 glyphs",
    "ראוטר لا يعمل 5G \u2067mixed\u2069",
)
_MARKUP: Final = (
    "<p>Please call <b>Ms. Müller</b> back.</p><p>Order &#8470; 4711 &amp; 4712</p>",
    "<div>First<br>second<br/>third</div><ul><li>one</li><li>two</li></ul>",
    "<html><head><style>p{color:red}</style></head><body><p dir='rtl'>الطلب</p></html>",
    "<p>Totals</p><script>alert(1)</script><pre>a  1\nb 22</pre><!-- hidden -->",
    "<table><tr><td>Invoice</td><td>12,50&nbsp;€</td></tr></table><p>🔥 2 &lt; 3</p>",
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


def plane_title(rng: Random, n: int) -> str:
    """Return a title; every seventh is of another plane of Unicode, in turn."""
    return _PLANES[n // 7 % len(_PLANES)] if n % 7 == 5 else title(rng, n)


def markup(n: int) -> str:
    """Return a piece of HTML, in turn."""
    return _MARKUP[n % len(_MARKUP)]
