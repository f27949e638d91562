import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.people import PersonName, national_id_is_valid


@pytest.mark.parametrize(
    "digits",
    [
        # Σ of 13,12..2 times the first twelve digits, by hand: 114 = 10·11 + 4, so 11 - 4 = 7.
        "1234567890121",
        # 1·13 = 13, 11 - 2 = 9.
        "1000000000009",
        # The sum is 0, so 11 mod 10 = 1.
        "0000000000001",
        # 1·13 + 4·10 + 1·9 = 62 = 5·11 + 7, 11 - 7 = 4.
        "1004100000004",
        # 1·2 + 1·10 = 12 = 11 + 1, so 10 mod 10 = 0.
        "0001000000010",
    ],
)
def test_a_good_check_digit(digits: str) -> None:
    assert national_id_is_valid(digits)


@pytest.mark.parametrize(
    "digits",
    ["", "123456789012", "12345678901211", "1234567890122", "๑๒๓๔๕๖๗๘๙๐๑๒๑", "1-2345-67890-12-1", " 1234567890121",
     "1234567890121\n", "123456789012x"],
)  # fmt: skip
def test_what_is_no_national_id(digits: str) -> None:
    assert not national_id_is_valid(digits)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_one_mistyped_digit_is_found(first: str, place: int, off: int) -> None:
    good = [first + str(d) for d in range(10) if national_id_is_valid(first + str(d))]
    assert len(good) == 1
    wrong = (int(first[place]) + off) % 10
    changed = good[0][:place] + str(wrong) + good[0][place + 1 :]
    # Sums of 0 and 10 modulo 11 share a check digit; every other slip shows.
    weight = 13 - place
    if (wrong - int(first[place])) * weight % 11 not in (0, 1, 10):
        assert not national_id_is_valid(changed)


@pytest.mark.parametrize(
    "title, given_name, family, shown",
    [
        ("นาย", "สมชาย", "ใจดี", "นายสมชาย ใจดี"),
        ("นางสาว", "เอมอร", "ณ อยุธยา", "นางสาวเอมอร ณ อยุธยา"),
        ("น.ส.", "เอมอร", "", "น.ส.เอมอร"),
        ("", "สมชาย", "ใจดี", "สมชาย ใจดี"),
        ("ดร.", "สุชาดา", "ใจดี", "ดร.สุชาดา ใจดี"),
        ("ผู้ช่วยศาสตราจารย์ ดร.", "สุชาดา", "ใจดี", "ผู้ช่วยศาสตราจารย์ ดร.สุชาดา ใจดี"),
        ("ม.ร.ว.", "คึกฤทธิ์", "ปราโมช", "ม.ร.ว.คึกฤทธิ์ ปราโมช"),
        ("ว่าที่ร้อยตรี", "สมชาย", "ใจดี", "ว่าที่ร้อยตรี สมชาย ใจดี"),
        ("ว่าที่ร้อยตรีหญิง", "สุชาดา", "ใจดี", "ว่าที่ร้อยตรีหญิง สุชาดา ใจดี"),
        ("ว่าที่ ร.ต.", "สมชาย", "ใจดี", "ว่าที่ ร.ต. สมชาย ใจดี"),
        ("พันตำรวจโท", "สมชาย", "ใจดี", "พันตำรวจโท สมชาย ใจดี"),
        ("พ.ต.อ.", "สมชาย", "ใจดี", "พ.ต.อ. สมชาย ใจดี"),
        ("จ่าสิบเอก", "สมชาย", "ใจดี", "จ่าสิบเอก สมชาย ใจดี"),
        ("ดาบตำรวจ", "สมชาย", "ใจดี", "ดาบตำรวจ สมชาย ใจดี"),
        ("Dr.", "Somchai", "Jaidee", "Dr. Somchai Jaidee"),
        ("Ms", "Aim", "", "Ms Aim"),
        ("", "Suharto", "", "Suharto"),
    ],
)
def test_names_as_they_are_printed(title: str, given_name: str, family: str, shown: str) -> None:
    assert PersonName(title=title, given=given_name, family=family).display == shown


@pytest.mark.parametrize(
    "given_name, family, masked",
    [
        ("สมชาย", "ใจดี", "ส… ใจ…"),
        ("เอมอร", "แสงทอง", "เอ… แส…"),
        ("โอภาส", "ไพศาล", "โอ… ไพ…"),
        ("ใบเตย", "", "ใบ…"),
        ("Somchai", "Jaidee", "S… J…"),
        ("เ", "", "เ…"),
    ],
)
def test_masked_names(given_name: str, family: str, masked: str) -> None:
    assert PersonName(title="นาย", given=given_name, family=family).masked == masked


def test_equal_names_are_equal_however_they_were_typed() -> None:
    plain = PersonName(given="กานดา", family="Café")
    assert PersonName(given=" กาน\u200bดา\u00a0", family=unicodedata.normalize("NFD", "Café")) == plain
    for unseen in ("\u034f", "\u115f", "\u3164", "\u2800", "\ufe0f", "\U000e0100"):
        assert PersonName(given=f"กาน{unseen}ดา", family=f"Café{unseen}") == plain, hex(ord(unseen))


@pytest.mark.parametrize("given_name", ["\u3164", "\u2800\ufe0f", "ก" + "้" * 100])
def test_a_stored_name_is_read_though_it_would_not_be_taken_in_today(given_name: str) -> None:
    assert PersonName(given=given_name).given == given_name


@pytest.mark.parametrize(
    "given_name", ["", "   ", "\u200b", "ก\x00", "สม\u202eชาย", "a" * 121, "\ue000"], ids=lambda n: repr(n)[:12]
)
def test_what_is_no_name(given_name: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="`given` must"):
        msgspec.convert({"given": given_name}, PersonName)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
def test_any_name_is_refused_or_printed(given_name: str, family: str, title: str) -> None:
    try:
        name = PersonName(given=given_name, family=family, title=title)
    except ValueError:
        return
    assert name.given in name.display
    assert name.masked
    assert PersonName(given=name.given, family=name.family, title=name.title) == name
