"""Texts of other systems in our small Markdown."""

import pytest

from exam_service.adapters.formats.markup import Marked, ours


@pytest.mark.parametrize(
    "html, said, lost",
    [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree", ()),
        ("a <b>bold </b>and <em>slanted</em> <code>x=1</code>", "a **bold** and *slanted* `x=1`", ()),
        ("<b></b>x<b> y</b>", "x **y**", ()),
        ("<ul><li>one</li><li>two</li></ul><ol><li>1st<li>2nd</ol>", "- one\n- two\n\n1. 1st\n2. 2nd", ()),
        ("5 &lt; 6 &amp; 7&nbsp;*8* $5", "5 < 6 & 7 \\*8\\* \\$5", ()),
        ("$$x^2$$ and \\(y\\) and \\[ z \n w \\]", "$x^2$ and $y$ and $z w$", ()),
        ("m<sup>2</sup> H<sub>2</sub>O", "m² H₂O", ()),
        ("x<sup>ab</sup>", "xab", ("raised",)),
        ("<script>alert(1)</script>ก<style>p{}</style>", "ก", ("script",)),
        ("<svg><text>x</text></svg>y", "y", ("embedded",)),
        ('<img src="a.png" alt="a &quot;cat&quot;">', 'a "cat"', ("picture",)),
        ("<img src=a.png>", "", ("picture",)),
        ('<a href="https://x.example">here</a> <a name=y>there</a>', "here there", ("link",)),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "1 | 2 |", ("table",)),
        ('<p class="x"><span lang="fr">é</span></p>', "é", ()),
        ("<!-- hidden -->seen<!-- never closed <p>", "seen", ()),
        ("a < b > c <3", "a < b > c <3", ()),
        ("<b>never closed", "never closed", ()),
        ("</b>never opened</i>", "never opened", ()),
        ("<script>never closed", "", ("script",)),
    ],
)
def test_html_is_read_for_what_it_says(html: str, said: str, lost: tuple[str, ...]) -> None:
    assert ours(Marked(html, "html")) == (said, lost)


def test_plain_text_stays_what_it_is() -> None:
    assert ours(Marked("2 * 3 < 7, $5, `x` \\ $$y$$", "plain")) == ("2 \\* 3 < 7, \\$5, \\`x\\` \\\\ $y$", ())


def test_markdown_stays_markdown() -> None:
    assert ours(Marked("**b** $$x$$\n\n![a](b.png)", "markdown")) == ("**b** $x$\n\n![a](b.png)", ("picture", "link"))


@pytest.mark.parametrize(
    "piece", ["<", "<b>", "</b>", "<!--", "<p", "&", "<script>", "\\(", "$$", "<ul><li>", "**", "<b> "]
)
def test_no_text_takes_long(piece: str) -> None:
    """What takes the square of its length would take minutes here."""
    ours(Marked(piece * 50_000, "html"))
