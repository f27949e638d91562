import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.certificates.names import is_same, masked
from exam_service.core.people import PersonName


@pytest.mark.parametrize(
    "name, shown",
    [
        ("นางสาวสมหญิง ใจดี", "นางสาวส… ใจ…"),
        ("นางสาวน้ำผึ้ง เปี๊ยกสำราญ", "นางสาวน… เป…"),
        ("นายไกรศรี ณ เชียงใหม่", "นายไก… ณ… เช…"),
        ("นายิกา แก้วใส", "น… แก…"),
        ("ผศ.ดร.สมชาย ใจดี", "ผศ.ดร.ส… ใจ…"),
        ("ผู้ช่วยศาสตราจารย์ ดร. เกรียงไกร วงศ์", "ผู้ช่วยศาสตราจารย์ ดร. เก… ว…"),
        ("ว่าที่ร้อยตรี สมชาย เข็มกลัด", "ว่าที่ร้อยตรี ส… เข…"),
        ("พ.ต.อ. สมชาย ใจดี", "พ.ต.อ. ส… ใจ…"),
        ("พลเอก มานะ ใจดี", "พลเอก ม… ใจ…"),
        ("Mr. John Smith", "Mr. J… S…"),
        ("Miss Ann Lee", "Miss A… L…"),
        ("Missy Lee", "M… L…"),
        ("นาย", "น…"),
    ],
)
def test_a_name_in_public_is_title_and_first_letters(name: str, shown: str) -> None:
    assert masked(name) == shown


@given(
    st.builds(
        PersonName,
        title=st.sampled_from(["", "นาย", "นาง", "นางสาว", "ดร.", "พลเอก", "Mr."]),
        given=st.text("กขคงนมสหเแไะาิี้่", min_size=4, max_size=12),
        family=st.text("abcdeกขคงนมส", min_size=3, max_size=12),
    )
)
def test_no_more_than_two_characters_of_a_word_are_shown(name: PersonName) -> None:
    for word in masked(name.display.removeprefix(name.title).strip()).split():
        assert word.endswith("…")
    assert name.given not in masked(name.display)
    assert name.family not in masked(name.display)


@pytest.mark.parametrize(
    "typed",
    [
        "นางสาวน้ำผึ้ง เปี๊ยกสำราญ",
        "น้ำผึ้ง เปี๊ยกสำราญ",
        "  นางสาว น้ำผึ้ง   เปี๊ยกสำราญ ",
        "น้ำผึ้งเปี๊ยกสำราญ",
        "น\u200bํ้าผึ้ง เปี๊ยกสําราญ",
    ],
)
def test_the_printed_name_is_known_however_it_is_typed(typed: str) -> None:
    assert is_same(typed, "นางสาวน้ำผึ้ง เปี๊ยกสำราญ")


@pytest.mark.parametrize("typed", ["", " ", "นางสาว", "น้ำผึ้ง", "เปี๊ยกสำราญ", "นายน้ำผึ้ง เปี๊ยกสำราญ", "น…"])
def test_another_name_or_a_part_of_it_is_not_the_name(typed: str) -> None:
    assert not is_same(typed, "นางสาวน้ำผึ้ง เปี๊ยกสำราญ")


def test_a_name_that_is_only_a_title_is_compared_whole() -> None:
    assert is_same("นาย", "นาย")
    assert not is_same("", "นาย")
