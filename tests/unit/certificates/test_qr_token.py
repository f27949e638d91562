from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.adapters.crypto import ed25519
from exam_service.adapters.qr import render
from exam_service.core.certificates import qr_token
from exam_service.core.certificates.digits import to_digits
from exam_service.core.certificates.model import Issuance, new_id
from exam_service.core.certificates.words import FAILED, Unreadable
from exam_service.core.text import Text
from exam_service.settings import load
from tests.support.issuing import BASE, NOW, Issuer, issuance

ISSUER = Issuer()
THAI = "กขคงจฉชซญฎฏฐณดตถทธนบปผฝพฟมยรลวศษสหฬอะาำัิีึืุูเแโใไ่้๊๋์็ๆฯ"
words = st.text(alphabet=THAI + "abcXYZ .-“”é漢0", min_size=1, max_size=200).filter(lambda text: text.strip() != "")
issuances = st.builds(
    lambda name, title, code, dice, number, index, days: issuance(
        id=new_id(dice),
        recipient_name=name,
        course_title=Text(th=title),
        course_code=code,
        status_list=number,
        status_index=index,
        valid_until=NOW + timedelta(days=days) if days else None,
    ),
    words,
    words,
    st.from_regex(r"[a-z0-9][a-z0-9-]{0,63}", fullmatch=True),
    st.binary(min_size=10, max_size=10),
    st.integers(0, 100_000),
    st.integers(0, 2**20 - 1),
    st.integers(0, 20_000),
)


@given(issuances)
def test_a_token_says_what_was_issued_and_keeps_to_the_budget(facts: Issuance) -> None:
    token = ISSUER.token(facts)
    assert len(token) <= 260
    found = qr_token.parse(qr_token.url(BASE, facts.id, token))
    assert (found.id, found.kid) == (facts.id, ISSUER.key.kid)
    assert (found.issued_at, found.valid_until) == (facts.issued_at, facts.valid_until)
    assert (found.status_list, found.status_index) == (facts.status_list, facts.status_index)
    for short, whole in (
        (found.name, facts.recipient_name),
        (found.title, facts.course_title.th or ""),
        (found.course_code, facts.course_code),
    ):
        assert qr_token.is_shortened(short, whole)
    assert ed25519.verify(ISSUER.key.public, found.signed, found.signature)


@settings(max_examples=15)
@given(
    issuances,
    st.sampled_from([BASE, "http://localhost:8000", "https://a-long-name.examinations.example.go.th", "http://x.y"]),
)
def test_every_token_fits_a_code_that_prints_well(facts: Issuance, base: str) -> None:
    modules = render.require_printable(ISSUER.qr(facts, base))
    assert render.version_of(modules) <= 13


def test_a_typical_token_is_small_and_holds_whole_names() -> None:
    facts = issuance()
    token = ISSUER.token(facts)
    found = qr_token.parse(ISSUER.qr(facts))
    assert (found.name, found.title) == (facts.recipient_name, facts.course_title.th)
    assert len(token) <= 210
    assert render.version_of(render.matrix(ISSUER.qr(facts))) <= 12


@pytest.mark.parametrize(
    "text, letters, cut",
    [
        ("การวัดผล", 20, "การวัดผล"),
        ("สวัสดีครับ", 4, "สวั…"),
        ("กี่เพลา", 5, "กี่…"),
        ("รักเรียน", 4, "รัก…"),
        ("น้ำใจ", 3, "น…"),
        ("two words", 5, "two…"),
    ],
)
def test_a_text_is_cut_where_a_letter_ends(text: str, letters: int, cut: str) -> None:
    assert qr_token.shorten(text, letters) == cut


def test_a_text_that_windows_874_lacks_is_kept_as_utf_8() -> None:
    facts = issuance(recipient_name="José 漢字 สมชาย")
    assert qr_token.parse(ISSUER.qr(facts)).name == "José 漢字 สมชาย"


def test_an_address_too_long_to_print_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        qr_token.budget_for("https://" + "x" * 200 + ".example")


def test_beside_the_longest_address_that_settings_take_every_name_has_room() -> None:
    longest = issuance(
        recipient_name="😀" * 361, course_title=Text(th="😀" * 300), course_code="x" * 64, status_index=2**20 - 1
    )
    address = load({"EXAM_PUBLIC_URL": f"https://{'x' * 110}"}).public_url
    assert qr_token.payload(longest, qr_token.budget_for(address))


def test_whole_address_fragment_digits_and_other_cases_are_read() -> None:
    facts = issuance()
    text = ISSUER.qr(facts)
    address, _, fragment = text.partition("#")
    shouted = f"HTTPS://EXAM.EXAMPLE.GO.TH/v/{facts.id.lower()}"
    for form in (text, f" {text}\n", f"#{fragment}", fragment, f"{shouted}#{fragment}", f"{facts.id}#{fragment}"):
        assert qr_token.parse(form).id == facts.id
    assert qr_token.id_in(address) == qr_token.id_in(f"{address}/") == qr_token.id_in(facts.id) == facts.id
    assert qr_token.id_in("https://exam.example.go.th/v/short") is None


ALIKE = [("S", "ſ"), ("K", "\N{KELVIN SIGN}"), ("I", "ı"), ("I", "İ"), ("O", "0"), ("I", "1")]


@pytest.mark.parametrize("letter, like", ALIKE)
def test_a_letter_that_base32_does_not_have_is_another_number(letter: str, like: str) -> None:
    for number in (f"{letter}AEBAGBAFAYDQQCA", f"aebagbafaydqqca{letter.lower()}"):
        other = number.replace(letter, like).replace(letter.lower(), like)
        for form in (other, f"https://exam.example.go.th/v/{other}", f"httpſ://exam.example.go.th/v/{number}"):
            assert qr_token.id_in(form) is None
        assert qr_token.capitals(other) != number.upper()
        assert qr_token.capitals(number) == number.upper()


def faults() -> dict[str, str]:
    good = ISSUER.qr(issuance())
    address, _, fragment = good.partition("#")
    other = ISSUER.qr(issuance(id=new_id(b"otherother"))).partition("#")[0]
    return {
        "hello": "not-a-certificate",
        "https://example.org/": "not-a-certificate",
        "x" * 5000: "too-long",
        address: "no-token",
        f"{address}#": "no-token",
        f"{address}#2{fragment[1:]}": "unknown-version",
        f"{address}#{fragment[:-1]}": "broken-digits",
        f"{address}#1" + "9" * 17: "broken-digits",
        f"{address}#1" + to_digits(b"\xff" * 70): "broken-token",
        f"{address}#1" + to_digits(bytes(600)): "too-long",
        f"{other}#{fragment}": "id-mismatch",
    }


@pytest.mark.parametrize("text, code", faults().items(), ids=lambda value: str(value)[:24])
def test_each_failure_has_its_name(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        qr_token.parse(text)
    assert caught.value.code == code
    assert FAILED[code].th
    assert FAILED[code].en


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_anywhere_is_unreadable_or_wrongly_signed(place: int, flip: int) -> None:
    token = bytearray(ISSUER.token(issuance()))
    token[place % len(token)] ^= flip
    try:
        found = qr_token.parse("1" + to_digits(bytes(token)))
    except Unreadable:
        return
    assert not ed25519.verify(ISSUER.key.public, found.signed, found.signature)


@given(st.binary(max_size=300))
def test_noise_is_unreadable_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(Unreadable):
        qr_token.read(data)
