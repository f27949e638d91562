import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from exam_service.core.certificates.keys import KeyRecord, KeyState
from exam_service.core.certificates.model import CertificateState, RevocationReason
from exam_service.core.certificates.trust import Trust, TrustedIssuer, from_file, to_file
from exam_service.core.certificates.verdict import STEPS, Record, Register, Verdict
from exam_service.core.certificates.words import FAILED, HEADLINES, PASSED
from exam_service.core.errors import Invalid
from exam_service.core.text import Text
from tests.support.issuing import BASE, DID, NAME, NOW, Issuer, issuance, verdict_on

ISSUER = Issuer()
FACTS = issuance()
QR, DOCUMENT = ISSUER.qr(FACTS), ISSUER.credential(FACTS)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRESH = ISSUER.status_list([4710, 4712], NOW)
REVOKED = ISSUER.status_list([4711], NOW)
both = pytest.mark.parametrize("evidence", [QR, DOCUMENT], ids=["qr", "credential"])


def codes(verdict: Verdict) -> dict[str, str]:
    assert [step.name for step in verdict.steps] == list(STEPS), "no step is skipped"
    assert [step.number for step in verdict.steps] == [1, 2, 3, 4, 5, 6]
    return {step.name: step.code for step in verdict.steps}


@both
def test_a_certificate_with_a_fresh_list_stands(evidence: str | bytes) -> None:
    verdict = verdict_on(evidence, ISSUER.trust(FRESH), NOW + HOUR)
    assert (verdict.outcome, verdict.status, verdict.as_of) == ("genuine", "stands", NOW)
    assert all(step.passed for step in verdict.steps)
    assert verdict.facts is not None
    assert verdict.facts.recipient_name == FACTS.recipient_name
    assert verdict.facts.organisation_name == NAME


def test_the_credential_tells_what_the_qr_has_no_room_for() -> None:
    facts = verdict_on(DOCUMENT, ISSUER.trust(FRESH)).facts
    assert facts is not None
    assert (facts.kind, facts.hours, facts.did) == ("certificate", 12, DID)


@both
def test_without_a_status_list_the_status_is_unknown(evidence: str | bytes) -> None:
    verdict = verdict_on(evidence, ISSUER.trust())
    assert (verdict.outcome, verdict.status, verdict.as_of) == ("genuine", "unknown", None)
    assert verdict.steps[4].passed is None
    assert codes(verdict)["status"] == "status-unknown"


@both
@pytest.mark.parametrize(
    "made, hours, asked, status, code",
    [
        (NOW, 24, NOW + 24 * HOUR - timedelta(seconds=1), "stands", "stands"),
        (NOW, 24, NOW + 24 * HOUR, "unknown", "status-list-stale"),
        (NOW + HOUR, 24, NOW, "unknown", "status-unknown"),
    ],
)
def test_only_a_fresh_list_says_stands(
    evidence: str | bytes, made: datetime, hours: int, asked: datetime, status: str, code: str
) -> None:
    verdict = verdict_on(evidence, ISSUER.trust(ISSUER.status_list([], made, hours)), asked)
    assert (verdict.status, codes(verdict)["status"]) == (status, code)


@both
def test_a_set_bit_counts_even_in_an_old_list_and_the_newest_list_wins(evidence: str | bytes) -> None:
    later = NOW + 10 * DAY
    old_revoked = verdict_on(evidence, ISSUER.trust(REVOKED), later)
    assert (old_revoked.outcome, old_revoked.status, old_revoked.as_of) == ("genuine", "revoked", NOW)
    assert codes(old_revoked)["status"] == "withdrawn"
    lifted = ISSUER.status_list([], later - HOUR)
    assert verdict_on(evidence, ISSUER.trust(REVOKED, lifted), later).status == "stands"
    assert verdict_on(evidence, ISSUER.trust(lifted, REVOKED), later).status == "stands"


def changed_list(change: Callable[[dict[str, Any]], None]) -> str:
    document = json.loads(FRESH)
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        changed_list(lambda d: d.update(validUntil="2099-01-01T00:00:00Z")),
        changed_list(
            lambda d: d["credentialSubject"].update(encodedList=json.loads(REVOKED)["credentialSubject"]["encodedList"])
        ),
        changed_list(lambda d: d["proof"][0].update(created="2026-11-23T00:00:00Z")),
        Issuer("somebody else").status_list([], NOW),
        Issuer(purpose="receipts", name="receipts").status_list([], NOW),
        "no list",
    ],
    ids=["longer life", "other bits", "other proof time", "unknown key", "key of another purpose", "noise"],
)
@both
def test_a_list_that_is_not_rightly_signed_says_nothing(evidence: str | bytes, text: str) -> None:
    verdict = verdict_on(evidence, ISSUER.trust(text))
    assert (verdict.status, codes(verdict)["status"]) == ("unknown", "status-list-broken")


@both
def test_the_list_of_another_number_is_not_this_certificate_s(evidence: str | bytes) -> None:
    verdict = verdict_on(evidence, ISSUER.trust(ISSUER.status_list([4711], NOW, number=11)))
    assert codes(verdict)["status"] == "status-unknown"


@both
def test_an_expired_certificate_says_so_even_without_a_list(evidence: str | bytes) -> None:
    until = FACTS.valid_until
    assert until is not None
    assert verdict_on(evidence, ISSUER.trust(), until - timedelta(seconds=1)).status == "unknown"
    verdict = verdict_on(evidence, ISSUER.trust(), until)
    assert (verdict.outcome, verdict.status, codes(verdict)["expiry"]) == ("genuine", "expired", "expired")


@both
def test_a_certificate_from_the_future_does_not_stand_yet(evidence: str | bytes) -> None:
    asked = NOW - HOUR
    verdict = verdict_on(evidence, ISSUER.trust(ISSUER.status_list([], asked)), asked)
    assert (verdict.status, codes(verdict)["expiry"]) == ("unknown", "not-yet-valid")


def test_a_certificate_without_expiry_says_so() -> None:
    verdict = verdict_on(ISSUER.qr(issuance(valid_until=None)), ISSUER.trust(FRESH))
    assert codes(verdict)["expiry"] == "no-expiry"
    assert verdict.status == "stands"


# Keys


@both
def test_an_unknown_key_is_unknown_and_not_a_forgery(evidence: str | bytes) -> None:
    verdict = verdict_on(evidence, Issuer("somebody else").trust())
    assert (verdict.outcome, codes(verdict)["key_known"]) == ("unknown", "key-unknown")
    assert codes(verdict)["signature"] == "not-checked"


@both
def test_a_key_for_other_things_does_not_sign_certificates(evidence: str | bytes) -> None:
    key = msgspec.structs.replace(ISSUER.key, purpose="receipts")
    assert verdict_on(evidence, ISSUER.trust(key=key)).outcome == "unknown"


def key(**changes: Any) -> KeyRecord:
    return msgspec.structs.replace(ISSUER.key, **changes)


@both
@pytest.mark.parametrize(
    "record, outcome, code",
    [
        (key(state=KeyState.retired, retired_at=NOW + DAY), "genuine", "key-good"),
        (key(state=KeyState.retired, retired_at=NOW - DAY), "not_genuine", "key-retired"),
        (key(created_at=NOW + DAY), "not_genuine", "key-not-yet-valid"),
        (key(state=KeyState.compromised, compromised_at=NOW - DAY), "unknown", "key-compromised"),
        (key(state=KeyState.compromised, compromised_at=NOW + DAY), "unknown", "key-compromised-since"),
    ],
)
def test_the_key_must_have_been_good_when_it_was_issued(
    evidence: str | bytes, record: KeyRecord, outcome: str, code: str
) -> None:
    verdict = verdict_on(evidence, ISSUER.trust(key=record), NOW + 2 * DAY)
    assert (verdict.outcome, codes(verdict)["key_good"]) == (outcome, code)


@both
def test_after_a_theft_only_the_register_can_vouch(evidence: str | bytes) -> None:
    trust = ISSUER.trust(key=key(state=KeyState.compromised, compromised_at=NOW + DAY))
    vouched = verdict_on(evidence, trust, NOW + 2 * DAY, Register(record=record_of()))
    assert (vouched.outcome, vouched.status, codes(vouched)["key_good"]) == ("genuine", "stands", "key-vouched")
    forged = verdict_on(evidence, trust, NOW + 2 * DAY, Register(record=None))
    assert (forged.outcome, codes(forged)["status"]) == ("not_genuine", "not-on-record")


@both
def test_what_was_signed_after_a_theft_is_not_relied_on_though_it_is_on_record(evidence: str | bytes) -> None:
    trust = ISSUER.trust(key=key(state=KeyState.compromised, compromised_at=NOW - DAY))
    doubted = verdict_on(evidence, trust, NOW, Register(record=record_of()))
    assert (doubted.outcome, doubted.status, codes(doubted)["key_good"]) == ("unknown", "unknown", "key-compromised")
    assert doubted.headline.en == "Signed after its key was compromised"
    replaced = Register(record=msgspec.structs.replace(record_of(CertificateState.superseded), superseded_by="B" * 16))
    known = verdict_on(evidence, trust, NOW, replaced)
    assert (known.outcome, known.status, known.superseded_by) == ("genuine", "superseded", "B" * 16)
    assert [step.passed for step in known.steps] == [True, True, False, True, False, True]
    forged = verdict_on(evidence, trust, NOW, Register(record=record_of(recipient_name="นายสมชาย ใจดี")))
    assert (forged.outcome, codes(forged)["status"]) == ("not_genuine", "differs-from-record")
    assert verdict_on(evidence, trust, NOW, Register(record=None)).outcome == "not_genuine"


def test_a_credential_signed_with_another_organisation_s_key_is_no_credential_of_this_one() -> None:
    other = Issuer("other organisation")
    foreign = msgspec.structs.replace(other.key, did=f"{BASE}")
    trust = Trust(
        made_at=NOW,
        issuers=[TrustedIssuer(did="did:web:other", name=Text(en="Other"), keys=[foreign]), *ISSUER.trust().issuers],
    )
    assert verdict_on(other.credential(FACTS), trust).outcome == "unknown"
    borrowed = json.loads(DOCUMENT)
    borrowed["proof"][0]["verificationMethod"] = f"did:web:other#{ISSUER.key.kid}"
    assert codes(verdict_on(json.dumps(borrowed).encode(), trust))["key_known"] == "key-of-other-issuer"


def test_two_keys_with_one_short_name_are_both_tried() -> None:
    # Eight equal bytes of SHA-256 cannot be made here, so the second key is put under the first one's name by force.
    twin = msgspec.structs.replace(Issuer("twin").key)
    msgspec.structs.force_setattr(twin, "kid", ISSUER.key.kid)
    trust = Trust(made_at=NOW, issuers=[TrustedIssuer(did=DID, name=NAME, keys=[twin, ISSUER.key])])
    assert verdict_on(QR, trust).outcome == "genuine"


# The register


def record_of(state: CertificateState = CertificateState.stands, **changes: Any) -> Record:
    return Record(issuance=msgspec.structs.replace(FACTS, **changes), state=state)


@both
@pytest.mark.parametrize("state", ["stands", "revoked", "suspended", "superseded"])
def test_the_register_outranks_every_list(evidence: str | bytes, state: str) -> None:
    later = NOW + DAY
    record = msgspec.structs.replace(
        record_of(CertificateState(state)),
        reason=None if state == "stands" else RevocationReason.name_corrected,
        changed_at=later,
        superseded_by="BBBBBBBBBBBBBBBB" if state == "superseded" else None,
    )
    verdict = verdict_on(
        evidence, ISSUER.trust(REVOKED if state == "stands" else FRESH), later, Register(record=record)
    )
    assert (verdict.outcome, verdict.status, verdict.as_of) == ("genuine", state, later)
    assert verdict.superseded_by == record.superseded_by
    assert (verdict.reason_text is None) == (state == "stands")


@both
def test_what_the_issuer_never_issued_is_not_genuine_whoever_signed_it(evidence: str | bytes) -> None:
    verdict = verdict_on(evidence, ISSUER.trust(FRESH), register=Register(record=None))
    assert (verdict.outcome, codes(verdict)["status"]) == ("not_genuine", "not-on-record")


@both
@pytest.mark.parametrize(
    "change",
    [
        {"recipient_name": "นายคนอื่น"},
        {"course_title": Text(th="หลักสูตรอื่น")},
        {"course_code": "other"},
        {"valid_until": None},
        {"issued_at": NOW - DAY},
        {"status_index": 1},
        {"status_list": 2},
    ],
    ids=str,
)
def test_a_face_that_differs_from_the_register_is_not_genuine(evidence: str | bytes, change: dict[str, Any]) -> None:
    verdict = verdict_on(evidence, ISSUER.trust(FRESH), register=Register(record=record_of(**change)))
    assert verdict.outcome == "not_genuine"
    assert codes(verdict)["status"] == "differs-from-record"
    assert next(iter(change)) in (verdict.steps[4].sentence.en or "")


def test_names_that_the_qr_had_to_cut_agree_with_the_register() -> None:
    long = issuance(recipient_name="สมหญิง" * 30, course_title=Text(th="การวัดและประเมินผล" * 20))
    record = Record(issuance=long, state=CertificateState.stands)
    verdict = verdict_on(ISSUER.qr(long), ISSUER.trust(), register=Register(record=record))
    assert (verdict.outcome, verdict.status) == ("genuine", "stands")
    assert verdict.facts is not None
    assert verdict.facts.recipient_name.endswith("…")


def test_one_that_is_still_being_issued_does_not_stand_yet() -> None:
    verdict = verdict_on(QR, ISSUER.trust(), register=Register(record=record_of(CertificateState.pending)))
    assert verdict.status == "unknown"


# Changes


def test_a_changed_character_anywhere_in_the_qr_text_is_not_genuine() -> None:
    trust = ISSUER.trust(FRESH)
    start = QR.index("#")
    for at in range(start - 16, len(QR)):
        other = "7" if QR[at] != "7" else "3"
        verdict = verdict_on(QR[:at] + other + QR[at + 1 :], trust)
        # Inside the key's name the key becomes an unknown one; everywhere else it is a forgery.
        assert verdict.outcome == "not_genuine" or codes(verdict)["key_known"] == "key-unknown", at


@pytest.mark.parametrize(
    "change",
    [
        {"https://schema.org/name": "Another"},
        {"validUntil": None},
        {"@context": [*json.loads(DOCUMENT)["@context"], {"name": "https://evil.example/name"}]},
        {"@context": list(reversed(json.loads(DOCUMENT)["@context"]))},
        {"proof": json.loads(DOCUMENT)["proof"][0]},
        {"proof": json.loads(DOCUMENT)["proof"] * 2},
        {"credentialSubject": [json.loads(DOCUMENT)["credentialSubject"]]},
        {"type": ["VerifiableCredential"]},
        {"note": "hidden"},
    ],
    ids=lambda change: str(change)[:40],
)
def test_another_json_for_the_same_graph_is_refused(change: dict[str, Any]) -> None:
    document = {**json.loads(DOCUMENT), **change}
    assert verdict_on(json.dumps(document).encode(), ISSUER.trust(FRESH)).outcome == "not_genuine"


@pytest.mark.parametrize(
    "raw, code",
    [
        (b"", "not-json"),
        (b"\xff", "not-json"),
        (b"[]", "not-json"),
        (b'{"a":1,"a":2}', "not-json"),
        (b'{"a":NaN}', "not-json"),
        (b"[" * 200_000, "not-json"),
        (b" " * 300_000, "too-long"),
        (b"{}", "no-proof"),
        (json.dumps({k: v for k, v in json.loads(DOCUMENT).items() if k != "proof"}).encode(), "no-proof"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_credential_is_refused_by_name(raw: bytes, code: str) -> None:
    verdict = verdict_on(raw, ISSUER.trust())
    assert (verdict.outcome, codes(verdict)["parse"], verdict.facts) == ("not_genuine", code, None)


def test_facts_of_a_forgery_are_not_shown() -> None:
    forged = json.loads(DOCUMENT)
    forged["credentialSubject"]["identifier"][0]["identityHash"] = "นายปลอม"
    verdict = verdict_on(json.dumps(forged).encode(), ISSUER.trust())
    assert (codes(verdict)["signature"], verdict.facts) == ("signature-wrong", None)


def test_every_sentence_is_in_both_languages() -> None:
    assert all(text.th and text.en for table in (PASSED, FAILED, HEADLINES) for text in table.values())


def test_a_verdict_is_plain_data() -> None:
    raw = msgspec.json.encode(verdict_on(QR, ISSUER.trust(FRESH)))
    assert json.loads(raw)["steps"][0] == {
        "number": 1,
        "name": "parse",
        "passed": True,
        "code": "parsed",
        "sentence": {"th": "อ่านข้อมูลได้ครบถ้วน", "en": "It could be read completely."},
    }


def test_the_trust_file_comes_back_and_holds_nothing_secret() -> None:
    trust = ISSUER.trust(FRESH)
    raw = to_file(trust)
    assert from_file(raw) == trust
    assert ISSUER.seed.hex() not in raw.decode()


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff", b'{"made_at":"2026-01-01T00:00:00Z","issuer":[]}'])
def test_what_is_no_trust_file_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        from_file(raw)
    assert caught.value.faults[0].code == "broken-trust-file"
