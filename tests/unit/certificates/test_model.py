import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from exam_service.core.certificates.model import (
    KIND_TEXTS,
    REASON_TEXTS,
    STATE_TEXTS,
    CertificateState,
    Issuance,
    RevocationReason,
    from_stamp,
    id_bytes,
    new_id,
    stamp,
)
from tests.support.issuing import NOW, issuance


def test_every_state_reason_and_kind_is_said_in_both_languages() -> None:
    for texts in (REASON_TEXTS, STATE_TEXTS, KIND_TEXTS):
        assert all(text.th and text.en for text in texts.values())
    assert set(REASON_TEXTS) == set(RevocationReason)
    assert set(STATE_TEXTS) == set(CertificateState)


@pytest.mark.parametrize("kind", [CertificateState, RevocationReason])
def test_a_member_s_name_is_its_value(kind: type[CertificateState]) -> None:
    assert all(member.name == member.value for member in kind)


def test_times_are_whole_seconds_in_utc_and_names_are_nfc() -> None:
    bangkok = timezone(timedelta(hours=7))
    facts = issuance(
        issued_at=datetime(2026, 11, 22, 10, 0, 0, 999_999, bangkok),
        recipient_name=unicodedata.normalize("NFD", "  José   Núñez "),
    )
    assert facts.issued_at == datetime(2026, 11, 22, 3, 0, 0, tzinfo=UTC)
    assert facts.recipient_name == unicodedata.normalize("NFC", "José Núñez")


@pytest.mark.parametrize(
    "change",
    [
        {"recipient_name": "  "},
        {"hours": float("nan")},
        {"hours": -1},
        {"issued_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - a time without zone is what must be refused
        {"valid_until": NOW},
    ],
)
def test_facts_that_cannot_be_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        issuance(**change)


def test_an_issuance_comes_back_from_its_stored_form_and_refuses_unknown_fields() -> None:
    facts = issuance(supersedes="AAAAAAAAAAAAAAAA")
    raw = msgspec.json.encode(facts)
    assert msgspec.json.decode(raw, type=Issuance) == facts
    with pytest.raises(msgspec.ValidationError, match="national_id"):
        msgspec.json.decode(raw[:-1] + b',"national_id":"1"}', type=Issuance)


def test_ids_are_ten_bytes_in_sixteen_letters() -> None:
    assert new_id(bytes(10)) == "A" * 16
    assert id_bytes(new_id(bytes(range(10)))) == bytes(range(10))
    with pytest.raises(ValueError, match="10 random bytes"):
        new_id(b"short")
    for wrong in ("A" * 15, "1" * 16, "a" * 16):
        with pytest.raises(ValueError, match=r"."):
            id_bytes(wrong)


def test_a_stamp_has_one_form() -> None:
    assert stamp(NOW) == "2026-11-22T03:00:00Z"
    assert from_stamp("2026-11-22T03:00:00Z") == NOW
    for other in ("2026-11-22T03:00:00+00:00", "2026-11-22T3:00:00Z", "2026-11-22", "2026-02-30T00:00:00Z"):
        with pytest.raises(ValueError, match=r"."):
            from_stamp(other)
