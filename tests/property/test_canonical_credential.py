"""What is written directly is what a general canonicaliser (PyLD, RDFC-1.0) makes of the same document."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_service.core.certificates import credential, quads, status
from exam_service.core.certificates.model import Issuance, stamp
from exam_service.core.text import Text
from tests.support.issuing import BASE, DI, DID, SLUG, Issuer, issuance

# PyLD leaves control characters as they are, which RDFC-1.0 writes as escapes: no title has any but these.
LETTERS = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t\n\r")
WORDS = st.text(LETTERS, min_size=1, max_size=60).filter(str.strip)
TEXTS = st.builds(Text, th=WORDS, en=WORDS) | st.builds(Text, th=WORDS) | st.builds(Text, en=WORDS)
MOMENTS = st.integers(1_767_225_600, 3_786_912_000).map(lambda second: datetime.fromtimestamp(second, UTC))
IDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=16)
HOURS = st.integers(0, 10_000) | st.floats(0, 1e6, allow_nan=False) | st.decimals(0, 500, places=2).map(float)


@st.composite
def facts(draw: st.DrawFn) -> Issuance:
    """Any certificate, in Thai, English or whatever else can be typed."""
    given: dict[str, Any] = {
        "id": draw(IDS),
        "organisation_name": draw(TEXTS),
        "course_title": draw(TEXTS),
        "course_code": draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)),
        "kind": draw(st.sampled_from(("certificate", "attestation"))),
        "recipient_name": draw(WORDS),
        "hours": draw(HOURS),
        "objective": draw(st.sampled_from(("", "present-work")) | WORDS),
        "issued_at": (moment := draw(MOMENTS)),
        "valid_until": draw(st.none() | st.just(moment + timedelta(days=draw(st.integers(1, 9000))))),
        "status_index": draw(st.integers(0, (1 << 20) - 1)),
        "supersedes": draw(st.none() | IDS),
    }
    return issuance(**given)


def document_of(one: Issuance) -> dict[str, Any]:
    return credential.unsigned(one, BASE, status.url(BASE, SLUG, one.status_list))


def other_than(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    return value + ("x" if isinstance(value, str) else 1)


# Each takes PyLD some ten milliseconds.
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(facts())
def test_a_credential_is_written_as_the_general_canonicaliser_writes_it(one: Issuance) -> None:
    document = document_of(one)
    assert quads.credential(document) == DI.canonical(document)
    config = credential.new_proof_config(DID, Issuer().key.kid, stamp(one.issued_at))
    assert quads.to_be_signed(document, config) == DI.hash_data(document, config)


def test_every_member_of_the_document_is_in_what_is_signed() -> None:
    document = document_of(issuance(supersedes="A" * 16))
    before = quads.credential(document)

    def changed(value: Any, path: tuple[Any, ...] = ()) -> None:
        """Change each text, number and switch below, one at a time."""
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            if key == "@context":
                continue
            if isinstance(part, dict | list):
                changed(part, (*path, key))
                continue
            value[key] = other_than(part)
            fixed = "type" in (key, *path)
            assert (quads.credential(document) == before) == fixed, (*path, key)
            value[key] = part

    changed(document)
    assert quads.credential(document) == before


@pytest.mark.parametrize("name", ["", "x", "https://a b", "https://x> <did:x", 'did:web:"', "did:web:\n", "did:\\"])
def test_what_is_no_address_is_never_signed(name: str) -> None:
    document = document_of(issuance())
    document["issuer"]["id"] = name
    with pytest.raises(ValueError, match="no absolute address"):
        quads.credential(document)


def test_control_characters_are_written_as_the_specification_has_them() -> None:
    document = document_of(issuance(course_title=Text(en="a\b\f\x01\x7fb")))
    assert r'"a\b\f\u0001\u007Fb"' in quads.credential(document)
