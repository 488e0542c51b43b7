import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseferry.mapping.html_text import html_text

SEEN = [
    ("plain", "plain"),
    ("<p>One</p><p>Two</p>", "One\n\nTwo"),
    ("One<br>Two<br/>Three", "One\nTwo\nThree"),
    ("a &amp; b &lt;c&gt; &eacute;&#128077;", "a & b <c> é👍"),
    ("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo"),
    ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
    ("<style>p { color: red }</style><p>text</p>", "text"),
    ("<head><title>T</title></head><body>text", "text"),
    ("<script>if (a < b) { c() }</script>text", "text"),
    ("one\n  two\t three", "one two three"),
    ("<pre>one\n  two</pre>", "one\n  two"),
    ("<b>bo</b>ld", "bold"),
    ("<!-- hidden -->text", "text"),
    ("<![if !vml]>text<![endif]><![odd[x]]>", "text"),
    ("1 < 2 and 3", "1 < 2 and 3"),
    ("</p></style>text</pre>", "text"),
    ("I <3 you </3 & <b>", "I <3 you </3 &"),
    ("<b unfinished", "<b unfinished"),
    ("text<!-- unfinished <b>", "text"),
    ("<STYLE>a > b</Style >text", "text"),
    ("<style>a > b", ""),
    ("<a title=\"a > b\" href='c'>text</a>", "text"),
    (f'<img src="{"x" * 5000}">text', "text"),
    ('<a title="never closed>text', "text"),
    ("<!DOCTYPE html><?xml x?>text", "text"),
    ("<td>a</td><th>b</th>", "a b"),
    ("<style/>text", "text"),
    ("<p></p><p></p><p></p>", ""),
    ("<p>א ב 👩‍👩‍👧</p>", "א ב 👩‍👩‍👧"),
]


@pytest.mark.parametrize(("html", "seen"), SEEN)
def test_what_a_person_reads_is_what_is_left(html: str, seen: str) -> None:
    """Lines stay lines, entities become characters, and nothing hidden shows."""
    assert html_text(html) == seen


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(
                [
                    "<",
                    "</",
                    "<!",
                    "<![",
                    "<!--",
                    "-->",
                    "<p",
                    ">",
                    "&#",
                    "&",
                    "<script>",
                ]
            ),
        ),
        max_size=12,
    )
)
def test_no_markup_is_too_odd(parts: list[str]) -> None:
    """Whatever comes is read to its end, and nothing is left at the ends."""
    text = html_text("".join(parts))

    assert text == text.strip()


@pytest.mark.parametrize(
    "part",
    ["<", "<a ", "<!--", "<p>", "&#", "<![a", '<a x="', "<a \"'>", "<script ", "</pre"],
)
def test_no_content_costs_the_square_of_its_length(part: str) -> None:
    """Anybody may send an e-mail: half a million characters are read in one go."""
    html_text(part * (500_000 // len(part)) + ">")
