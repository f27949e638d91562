from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from exam_service.core.text import Text, date, date_time, is_line, is_readable, next_minute, spoken


def test_what_is_pasted_is_readable_and_what_hides_or_turns_is_not() -> None:
    assert is_readable("ผู้\u200bสอบ\u00a0ทุกคน “โปรด” 👩\u200d🏫 ٣")
    for hidden in ("\x00", "\t", "\n", "\x7f", "\x85", "\u2028", "\u2029", "\ue000", "\ud800", "\u202e", "\u2066",
                   "\U000e0041", "\U000e0100", "\U000f0000"):  # fmt: skip
        assert not is_readable(f"ก{hidden}ข"), hex(ord(hidden))


@pytest.mark.parametrize(
    "unseen",
    [
        "",
        " ",
        "\u200b",
        "\u200b\u200d\ufeff",
        "\u00ad",
        "\u2060 \u00a0",
        "\u3000",
        "\u3164",
        "\uffa0\u115f\u1160",
        "\u2800",
        "\u034f\ufe0f",
    ],
)
def test_a_text_of_which_nothing_is_seen_is_not_readable(unseen: str) -> None:
    assert not is_readable(unseen)
    assert not is_line(unseen, 300)


def test_a_line_is_no_tower_of_marks() -> None:
    assert is_line("ป้ำ ฝั่ง ญู ฐุ่ กฎ์ เปี๊ยก พุทฺธํ", 300)
    assert not is_line("การวัดผ" + "้" * 100 + "ล", 300)
    assert not is_line("Me\u0301\u0302\u0303\u0304\u0305asure", 300)
    # Of a whole paragraph it is no matter: it moves the next line down.
    assert is_readable("ก" + "้" * 100)


@pytest.mark.parametrize("given", [{}, {"th": ""}, {"th": " ", "en": "\n"}, {"en": None, "th": None}])
def test_a_text_needs_a_language(given: dict[str, str | None]) -> None:
    with pytest.raises(msgspec.ValidationError, match="give the text in `th` or `en`"):
        msgspec.convert(given, Text)


@pytest.mark.parametrize(
    "th, en, language, wanted",
    [
        ("ไทย", "English", "th", "ไทย"),
        ("ไทย", "English", "en", "English"),
        (None, "English", "th", "English"),
        ("ไทย", None, "en", "ไทย"),
        ("  ", "English", "th", "English"),
        ("ไทย", "", "en", "ไทย"),
    ],
)
def test_the_other_language_stands_in_for_a_missing_one(
    th: str | None, en: str | None, language: str, wanted: str
) -> None:
    assert Text(th=th, en=en).within(language) == wanted


def test_braces_in_a_value_are_just_characters() -> None:
    title = Text(th="เซต {x} และ {", en="Sets {x} and {retry_at}}")
    filled = Text(th="“{exam}” ปิดแล้ว", en="“{exam}” is closed").fill({"exam": title})
    assert filled == Text(th="“เซต {x} และ {” ปิดแล้ว", en="“Sets {x} and {retry_at}}” is closed")


@pytest.mark.parametrize(
    "utc, thai, english",
    [
        (datetime(2026, 11, 21, 16, 59, 59, 999_999, UTC), "21 พฤศจิกายน 2569", "21 November 2026"),
        (datetime(2026, 11, 21, 17, 0, tzinfo=UTC), "22 พฤศจิกายน 2569", "22 November 2026"),
        (datetime(2026, 12, 31, 16, 59, tzinfo=UTC), "31 ธันวาคม 2569", "31 December 2026"),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), "1 มกราคม 2570", "1 January 2027"),
        (datetime(2028, 2, 28, 17, 0, tzinfo=UTC), "29 กุมภาพันธ์ 2571", "29 February 2028"),
    ],
)
def test_the_day_is_that_of_bangkok_in_the_buddhist_era(utc: datetime, thai: str, english: str) -> None:
    assert (date(utc, "th"), date(utc, "en")) == (thai, english)


def test_each_month_has_its_name() -> None:
    moments = [datetime(2026, month, 15, tzinfo=UTC) for month in range(1, 13)]
    assert [date(m, "en").split()[1] for m in moments] == [f"{m:%B}" for m in moments]
    endings = {4: "ยน", 6: "ยน", 9: "ยน", 11: "ยน", 2: "พันธ์"}
    for month, moment in enumerate(moments, 1):
        assert date(moment, "th").split()[1].endswith(endings.get(month, "คม"))


@pytest.mark.parametrize(
    "hour, minute, second, microsecond, said",
    [
        (9, 0, 0, 0, "31 December 2026 at 09:00"),
        (9, 0, 0, 1, "31 December 2026 at 09:01"),
        (9, 59, 30, 0, "31 December 2026 at 10:00"),
        (22, 59, 0, 1, "31 December 2026 at 23:00"),
        (23, 59, 59, 999_999, "1 January 2027 at 00:00"),
    ],
)
def test_only_a_time_to_wait_for_is_rounded_up(
    hour: int, minute: int, second: int, microsecond: int, said: str
) -> None:
    moment = datetime(2026, 12, 31, hour, minute, second, microsecond, timezone(timedelta(hours=7)))
    shown = f"31 December 2026 at {hour:02}:{minute:02}"
    assert date_time(moment, "en") == shown
    filled = Text(en="Up at {deadline}; again from {retry_at}").fill({"deadline": moment, "retry_at": moment})
    assert filled.en == f"Up at {shown}; again from {said}"


def test_nobody_who_waits_for_the_minute_comes_too_early() -> None:
    for microsecond in (0, 1, 999_999):
        for second in range(60):
            moment = datetime(2026, 5, 31, 16, 59, second, microsecond, tzinfo=UTC)
            said = datetime.strptime(date_time(next_minute(moment), "en") + " +0700", "%d %B %Y at %H:%M %z")
            assert timedelta() <= said - moment < timedelta(minutes=1)


def test_thai_clock_time() -> None:
    assert date_time(datetime(2026, 11, 22, 2, 0, tzinfo=UTC), "th") == "22 พฤศจิกายน 2569 เวลา 09:00 น."


@pytest.mark.parametrize(
    "value, thai, english",
    [
        (True, "ใช่", "yes"),
        (False, "ไม่ใช่", "no"),
        (80.0, "80", "80"),
        (66.6666, "66.6666", "66.6666"),
        (0.5, "0.5", "0.5"),
        (100, "100", "100"),
        (0.0, "0", "0"),
        ((2.0, 3.5), "2, 3.5", "2, 3.5"),
        ("ก{x}", "ก{x}", "ก{x}"),
        (float("inf"), "inf", "inf"),
    ],
)
def test_values_as_a_person_writes_them(value: object, thai: str, english: str) -> None:
    assert (spoken(value, "th"), spoken(value, "en")) == (thai, english)
