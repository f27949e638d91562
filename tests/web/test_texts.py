"""The words of the pages: complete in both languages, all there, all used."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from exam_service.core.text import Text
from exam_service.web import texts
from exam_service.web.texts import Words

WEB = Path(texts.__file__).resolve().parent
PLACE = re.compile(r"\{([a-z_]+)\}")
# A key in a script or template: quoted, or the beginning of one that is put together.
QUOTED = re.compile(r"""["'`]((?:[a-z]+)\.(?:[a-zA-Z_-]+))(["'`]|\$\{)""")


def every_entry() -> Iterator[tuple[str, Text]]:
    for name in texts.areas():
        yield from texts.area(name).items()


def mentioned() -> set[tuple[str, bool]]:
    """(key, whether it is only the beginning of one)"""
    keys = {key.partition(".")[0] for key, _ in every_entry()}
    found = set()
    for folder, pattern in (("static/js", "*.js"), ("templates", "*.html"), (".", "*.py")):
        for file in sorted((WEB / folder).rglob(pattern)):
            for key, end in QUOTED.findall(file.read_text(encoding="utf-8")):
                if key.partition(".")[0] in keys and not key.endswith((".js", ".html")):
                    found.add((key, end == "${" or key.endswith("_")))
    return found


def test_every_entry_is_there_in_both_languages() -> None:
    assert [key for key, text in every_entry() if not (text.th and text.en)] == []


def test_both_languages_have_the_same_places_to_fill() -> None:
    different = [
        key for key, text in every_entry() if set(PLACE.findall(text.th or "")) != set(PLACE.findall(text.en or ""))
    ]
    assert different == []


def test_thai_is_thai_and_english_is_english() -> None:
    thai = re.compile(r"[\u0e00-\u0e7f]")
    own_names = {"common.switch", "common.switch_short", "question.letters"}
    wrong = [key for key, text in every_entry() if key not in own_names and thai.search(text.en or "")]
    for key, text in every_entry():
        words = PLACE.sub("", text.th or "")
        if key not in own_names and re.search("[a-z]{3}", words) and not thai.search(words):
            wrong.append(key)
    assert wrong == []


def test_every_key_that_is_asked_for_exists() -> None:
    known = {key for key, _ in every_entry()}
    missing = {key for key, begins in mentioned() if not begins and key not in known}
    missing |= {key for key, begins in mentioned() if begins and not any(one.startswith(key) for one in known)}
    assert missing == set()


@pytest.mark.parametrize(
    "area", ["attempt", "common", "home", "launch", "problem", "question", "result", "review", "staff"]
)
def test_every_entry_is_used(area: str) -> None:
    exact = {key for key, begins in mentioned() if not begins}
    begun = tuple(key for key, begins in mentioned() if begins)
    # The numeric value of a key is used through another one: `common.${kind}`.
    begun += ("common.certificate", "common.attestation", "question.true", "question.false")
    assert [key for key in texts.area(area) if key not in exact and not key.startswith(begun)] == []


def test_words_are_spoken_in_the_reader_s_language_with_places_filled() -> None:
    thai, english = Words("th"), Words("en")
    assert thai("common.questions", n=12) == "12 ข้อ"
    assert [english("common.questions", n=n) for n in (1, 12)] == ["1 question", "12 questions"]
    moment = datetime(2026, 11, 22, 9, 29, 1, tzinfo=UTC)
    assert thai("problem.retry_at", retry_at=moment) == "ลองใหม่ได้ตั้งแต่ 22 พฤศจิกายน 2569 เวลา 16:30 น."
    assert english("launch.offered_by", organisation=Text(th="สพฐ.", en="OBEC")) == "Offered by OBEC"
    with pytest.raises(KeyError):
        thai("common.no_such_words")
    with pytest.raises(ValueError, match="th and en"):
        Words("fr")


def test_the_texts_in_a_page_cannot_end_their_element(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = {"x.y": Text(th="</script><script>alert(1)</script>&amp;\u2028", en="<!--<script>")}
    monkeypatch.setattr(texts, "area", lambda _: hostile)
    content = Words("th").json("x")
    assert not set("<>&\u2028") & set(content)

    class Reader(HTMLParser):
        tags: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)

    reader = Reader()
    reader.feed(f'<script type="application/json">{content}</script><p>')
    assert reader.tags == ["script", "p"]
