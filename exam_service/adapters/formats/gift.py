"""GIFT, Moodle's plain text format for questions: read as it is written, nothing judged yet.

The format: docs.moodle.org/en/GIFT_format. Moodle's own reader decides where that is silent: a blank line ends a
question, and the first `{` and the first `}` hold its answers.
"""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from exam_service.adapters.formats.markup import Marked, Markup
from exam_service.core.errors import Fault
from exam_service.core.text import Text

Kind = Literal["description", "essay", "true_false", "choice", "short", "matching", "numerical"]

GAP = "_____"
"""Where the answers stood within a sentence."""

_ESCAPED = {"\\\\": "\\", "\\~": "~", "\\=": "=", "\\#": "#", "\\{": "{", "\\}": "}", "\\:": ":", "\\n": "\n"}
_ESCAPE = re.compile(r"\\[\\~=#{}:n]")
_STAND_IN = {written: chr(0xF0000 + n) for n, written in enumerate(_ESCAPED)}
_MEANT = str.maketrans({stand_in: _ESCAPED[written] for written, stand_in in _STAND_IN.items()})
_PRIVATE = re.compile("[\U000f0000-\U000f0007]")

_COMMENT = re.compile(r"\s*//(.*)")
_NOTE = re.compile(r"\[(id|tag):([^\]]*)\]")
_CATEGORY = re.compile(r"\s*\$CATEGORY:\s*(.*?)\s*$", re.IGNORECASE)
_TITLE = re.compile(r"\s*::(.*?)::", re.DOTALL)
_MARKUP = re.compile(r"\s*\[(html|moodle|plain|markdown|latex)\]")
_TRUTH = re.compile(r"(T|TRUE|F|FALSE)(?=#|$)", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%(-?[0-9]+(?:\.[0-9]+)?)%")


class Answer(msgspec.Struct, frozen=True):
    """One of `=` or `~`. `weight` is in percent; None where none is written."""

    right: bool
    weight: float | None
    text: Marked
    feedback: Marked | None


class Pair(msgspec.Struct, frozen=True):
    prompt: Marked
    match: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One question as it is written."""

    line: int
    kind: Kind
    stem: Marked
    title: str | None = None
    id: str | None = None
    tags: tuple[str, ...] = ()
    category: str | None = None
    embedded: bool = False
    """Whether text goes on behind the answers, at `_____`."""
    truth: bool | None = None
    answers: tuple[Answer, ...] = ()
    pairs: tuple[Pair, ...] = ()
    feedback: tuple[Marked, ...] = ()
    """Of a statement: for a wrong response, and for a right one."""
    general: Marked | None = None
    """Feedback for everybody."""


class Read(msgspec.Struct, frozen=True):
    items: tuple[Item, ...]
    categories: tuple[str, ...]
    faults: tuple[Fault, ...]


def read(text: str) -> Read:
    """Every question, and a fault for each that cannot be read, with its line."""
    items: list[Item] = []
    categories: list[str] = []
    faults: list[Fault] = []
    category: str | None = None
    for block in _blocks(text):
        named = _CATEGORY.fullmatch(block.text)
        if named:
            category = named[1].translate(_MEANT)
            categories.append(category)
            continue
        try:
            items.append(_item(block, category))
        except _Unreadable as error:
            faults.append(Fault(code=error.code, line=block.line, message=error.message))
    return Read(tuple(items), tuple(categories), tuple(faults))


class _Unreadable(Exception):
    def __init__(self, code: str, en: str, th: str) -> None:
        super().__init__(code)
        self.code, self.message = code, Text(en=en, th=th)


class _Block(msgspec.Struct):
    line: int
    text: str
    id: str | None
    tags: tuple[str, ...]


def _blocks(text: str) -> Iterator[_Block]:
    """What stands between blank lines, without comments; escapes are single characters from here on."""
    lines: list[str] = []
    notes: list[tuple[str, str]] = []
    first = 0
    plain = _PRIVATE.sub("\ufffd", text.removeprefix("\ufeff"))
    hidden = _ESCAPE.sub(lambda found: _STAND_IN[found[0]], plain.replace("\r\n", "\n").replace("\r", "\n"))
    for number, line in enumerate([*hidden.split("\n"), ""], 1):
        comment = _COMMENT.match(line)
        if comment:
            # What is noted before a question belongs to it.
            if not lines:
                notes += _NOTE.findall(comment[1].translate(_MEANT))
        elif _CATEGORY.match(line):
            if lines:
                yield _block(first, lines, notes)
            yield _Block(number, line, None, ())
            lines, notes = [], []
        elif line.strip():
            first = first if lines else number
            lines.append(line)
        elif lines:
            yield _block(first, lines, notes)
            lines, notes = [], []


def _block(line: int, lines: list[str], notes: list[tuple[str, str]]) -> _Block:
    ids = [value.strip() for name, value in notes if name == "id"]
    return _Block(line, "\n".join(lines), ids[-1] if ids else None, tuple(v.strip() for n, v in notes if n == "tag"))


def _item(block: _Block, category: str | None) -> Item:
    text, title = block.text, None
    if named := _TITLE.match(text):
        title, text = _plain(named[1]), text[named.end() :]
    before, opened, rest = text.partition("{")
    inside, closed, after = rest.partition("}")
    if not opened and "}" in text:
        raise _Unreadable("gift-no-opening-brace", "a } without its {", "มี } โดยไม่มี { ก่อนหน้า")
    if opened and not closed:
        raise _Unreadable(
            "gift-no-closing-brace",
            "the { of the answers is never closed, or a blank line stands within",
            "ไม่มี } ปิดคำตอบ หรือมีบรรทัดว่างอยู่ภายใน",
        )
    if "{" in after or "{" in inside or "}" in after:
        raise _Unreadable(
            "gift-more-braces",
            "one question has answers once; write \\{ for a brace",
            "คำถามหนึ่งข้อมีคำตอบได้ชุดเดียว วงเล็บปีกกาในข้อความให้เขียน \\{",
        )
    embedded = bool(after.strip())
    markup: Markup = "moodle"
    if marked := _MARKUP.match(before):
        markup, before = _markup(marked[1]), before[marked.end() :]
    stem = Marked(_text(f"{before} {GAP} {after}" if embedded else before, markup), markup)
    inside, _, general = inside.partition("####")
    base = Item(
        line=block.line, kind="description", stem=stem, title=title or None, id=block.id, tags=block.tags,
        category=category, embedded=embedded, general=_marked(general, markup) if general.strip() else None,
    )  # fmt: skip
    if not opened:
        return base
    return _answered(base, inside.strip(), markup)


def _answered(base: Item, inside: str, markup: Markup) -> Item:
    replace = msgspec.structs.replace
    if not inside:
        return replace(base, kind="essay")
    if inside.startswith("#"):
        numbers = inside[1:].strip()
        if not numbers.startswith(("=", "~")):
            numbers = f"={numbers}"
        return replace(base, kind="numerical", answers=tuple(_answers(numbers, markup)))
    if truth := _TRUTH.match(inside):
        said = [_marked(one, markup) for one in inside[truth.end() :].split("#")[1:]]
        return replace(base, kind="true_false", truth=truth[1][0] in "Tt", feedback=tuple(said))
    if "=" in inside and "->" in inside:
        return replace(base, kind="matching", pairs=tuple(_pairs(inside, markup)))
    if not inside.startswith(("=", "~", "%")) and "~" not in inside:
        # One accepted answer needs no sign.
        inside = f"={inside}"
    answers = tuple(_answers(inside, markup))
    return replace(base, kind="choice" if "~" in inside else "short", answers=answers)


def _answers(inside: str, markup: Markup) -> Iterator[Answer]:
    if not inside.startswith(("=", "~")):
        raise _Unreadable(
            "gift-no-sign", "each answer begins with = (right) or ~ (wrong)", "คำตอบต้องขึ้นต้นด้วย = (ถูก) หรือ ~ (ผิด)"
        )
    for part in re.split(r"(?=[=~])", inside)[1:]:
        body, weight = part[1:], None
        if found := _WEIGHT.match(body):
            weight, body = float(found[1]), body[found.end() :]
        elif body.lstrip().startswith("%"):
            raise _Unreadable("gift-weight", "a weight is written as %50%", "ค่าน้ำหนักต้องเขียนแบบ %50%")
        text, hashed, feedback = body.partition("#")
        said = _marked(feedback, markup) if hashed and feedback.strip() else None
        yield Answer(part[0] == "=", weight, _marked(text, markup), said)


def _pairs(inside: str, markup: Markup) -> Iterator[Pair]:
    for part in re.split(r"=", inside)[1:]:
        prompt, arrow, match = part.partition("->")
        if not arrow:
            raise _Unreadable(
                "gift-no-arrow", "each pair is written as =this -> that", "แต่ละคู่ต้องเขียนแบบ =ข้อความ -> คู่ของข้อความ"
            )
        yield Pair(_marked(prompt, markup), _plain(match.partition("#")[0]))


def _marked(text: str, markup: Markup) -> Marked:
    """An answer or a feedback; unless it says another, its markup is that of the question."""
    if found := _MARKUP.match(text):
        markup, text = _markup(found[1]), text[found.end() :]
    return Marked(_text(text, markup), markup)


def _markup(name: str) -> Markup:
    names: dict[str, Markup] = {"html": "html", "plain": "plain", "markdown": "markdown"}
    return names.get(name, "moodle")


def _text(text: str, markup: Markup) -> str:
    """As it is meant. Lines end where the author wanted them short, except in Markdown; `\\n` is what breaks a text."""
    return text.strip().translate(_MEANT) if markup == "markdown" else _plain(text)


def _plain(text: str) -> str:
    return re.sub(r"\s*\n\s*|[ \t]+", " ", text).strip().translate(_MEANT)
