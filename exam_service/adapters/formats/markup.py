"""Texts of other systems in our small Markdown (docs/reference/bank-format.md); what cannot be said in it is told.

HTML is read for what it says and never kept: elements that mean nothing to a reader are gone, and scripts with all
that is in them.
"""

import html
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Markup = Literal["moodle", "html", "plain", "markdown"]

_SPECIAL = re.compile(r"([\\`*$])")
_MATH = re.compile(r"\$\$(.{1,1000}?)\$\$|\\\((.{1,1000}?)\\\)|\\\[(.{1,1000}?)\\\]", re.DOTALL)
"""As Moodle's filters for TeX write it; bounded, so that what opens a thousand times is not looked through as often."""
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_SILENT = ("script", "style", "template", "noscript", "iframe", "object", "svg")
_BLOCKS = ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "ul", "ol", "blockquote", "pre", "section")
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "tt": "`", "kbd": "`"}
_RAISED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_LOWERED = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


class Marked(NamedTuple):
    """A text, and how it is marked up."""

    text: str
    markup: Markup


class Said(NamedTuple):
    """A text in our Markdown, and the codes of what it could not carry."""

    text: str
    lost: tuple[str, ...]


def ours(given: Marked) -> Said:
    """The text of another system in our Markdown."""
    match given.markup:
        case "plain":
            return Said(_formulas(given.text), ())
        case "markdown":
            lost = [code for mark, code in (("![", "picture"), ("](", "link")) if mark in given.text]
            return Said(_MATH.sub(_formula, given.text).strip(), tuple(lost))
        case _:
            return _from_html(given.text)


def _formulas(text: str) -> str:
    """Plain text with its marks made harmless, and formulas as ours."""
    made, at = [], 0
    for found in _MATH.finditer(text):
        made += [_SPECIAL.sub(r"\\\1", text[at : found.start()]), _formula(found)]
        at = found.end()
    return "".join([*made, _SPECIAL.sub(r"\\\1", text[at:])])


def _formula(found: re.Match[str]) -> str:
    return f"${' '.join((found[1] or found[2] or found[3]).split())}$"


class _Token(NamedTuple):
    name: str = ""
    """Of an element; empty for text."""
    closes: bool = False
    text: str = ""
    """What is written, or the attributes."""


def _tokens(source: str) -> Iterator[_Token]:
    """Text and elements in one pass; whatever opens like an element and is none is text."""
    at = 0
    while at < len(source):
        start = source.find("<", at)
        if start < 0:
            yield _Token(text=source[at:])
            return
        if start > at:
            yield _Token(text=source[at:start])
        if source.startswith("<!--", start):
            end = source.find("-->", start + 4)
            at = len(source) if end < 0 else end + 3
        elif found := _TAG.match(source, start):
            yield _Token(found[2].lower(), bool(found[1]), found[3])
            at = found.end()
        else:
            yield _Token(text="<")
            at = start + 1


def _from_html(source: str) -> Said:
    made: list[str] = []
    lost: list[str] = []
    silent = ""
    lists: list[int] = []
    level = ""
    for name, closes, text in _tokens(source):
        if silent:
            if closes and name == silent:
                silent = ""
        elif not name:
            said = html.unescape(text).replace("\xa0", " ")
            raised = said.translate(_RAISED) if level == "sup" else said.translate(_LOWERED) if level == "sub" else said
            if level and any(one.isalnum() and one in said for one in raised):
                lost.append("raised")
            made.append(_formulas(raised))
        elif name in _SILENT:
            lost.append("script" if name in ("script", "style") else "embedded")
            silent = "" if closes or text.rstrip().endswith("/") else name
        elif name == "br":
            made.append("\n")
        elif name == "img":
            alt = _ALT.search(text)
            made.append(_formulas(html.unescape(alt[1] or alt[2] or "") if alt else ""))
            lost.append("picture")
        elif name in ("audio", "video", "source"):
            lost.append("sound")
        elif name == "li":
            if not closes:
                number = lists[-1] if lists else 0
                made.append(f"\n{number}. " if number else "\n- ")
                if number:
                    lists[-1] += 1
        elif name in ("sup", "sub"):
            level = "" if closes else name
        elif name in _MARKS:
            made.append(f"\0{'/' if closes else ''}{_MARKS[name]}\0")
        elif name in ("td", "th"):
            made.append(" | " if closes else "")
        elif name in _BLOCKS:
            if name in ("ul", "ol"):
                if closes:
                    lists = lists[:-1]
                else:
                    lists.append(1 if name == "ol" else 0)
            if name == "table" and not closes:
                lost.append("table")
            made.append("\n\n")
        elif name == "a" and not closes and "href" in text.lower():
            lost.append("link")
    return Said(_tidied("".join(made)), tuple(dict.fromkeys(lost)))


_EMPHASIS = re.compile(r"\0(\*{1,2}|`)\0(\s*)([^\0]*?)(\s*)\0/\1\0")


def _tidied(text: str) -> str:
    """Emphasis that hugs what it marks, paragraphs apart by one empty line, and no space that nobody sees."""
    text = _EMPHASIS.sub(lambda m: f"{m[2]}{m[1]}{m[3]}{m[1]}{m[4]}" if m[3] else m[2] + m[4], text)
    text = re.sub(r"\0[^\0]*\0", "", text)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
