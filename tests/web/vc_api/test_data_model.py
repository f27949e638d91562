"""w3c/vc-data-model-2.0-test-suite, assertion by assertion: what is issued and what is refused.

Each row names the section of the suite and what it asserts; the documents are our own.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stranger import EXAMPLES, V2, credential
from tests.web.vc_api.conftest import Api, verified

X = {"X": "https://example.org/#X"}
TERM = [V2, X]
V2_SRI = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"
V2_MULTIBASE = "uWZVc7WaX1h4D8rJVb-vlMIqxaEKEb1tYbX8fet7JJzQ"
ENGLISH = {"@value": "Dog", "@language": "en"}


def related(**members: Any) -> dict[str, Any]:
    return credential(relatedResource=[{"id": V2, **members}])


def accepted() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "4.3 @context is an array that begins with the base context", credential()
    yield "4.3 subsequent items may be URLs", credential(**{"@context": [V2, EXAMPLES]})
    yield "4.3 subsequent items may be objects", credential(**{"@context": TERM}, type=["VerifiableCredential", "X"])
    yield "4.4 id is a single URL", credential(id="urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008")
    yield "4.4 id may be a DID", credential(id="did:example:credential")
    yield "4.4 the subject's id is a single URL", credential(credentialSubject={"id": "https://example.org/#me"})
    url = "https://example.org/#Example"
    yield "4.5 type may be an absolute URL", credential(type=["VerifiableCredential", url])
    yield "4.5 the order of types does not matter: last", credential(type=[url, f"{url}2", "VerifiableCredential"])
    yield "4.5 the order of types does not matter: middle", credential(type=[url, "VerifiableCredential", f"{url}2"])
    for member in ("credentialStatus", "termsOfUse", "evidence", "refreshService"):
        one = {"type": "X", "id": "did:example:one"}
        yield f"4.5 {member} has a type", credential(**{"@context": TERM, member: one})
        yield f"5 {member} may be several", credential(**{"@context": TERM, member: [one, {**one, "id": "urn:b"}]})
        yield f"4.10 {member} needs no id", credential(**{"@context": TERM, member: {"type": "X"}})
    yield "4.11 credentialSchema has id and type", credential(credentialSchema={"id": "urn:s", "type": url})
    schemas = [{"id": "urn:a", "type": url}, {"id": "urn:b", "type": url}]
    yield "4.11 credentialSchema may be several", credential(credentialSchema=schemas)
    for member in ("name", "description"):
        values: list[Any] = [
            "A dog",
            ENGLISH,
            {**ENGLISH, "@direction": "ltr"},
            [ENGLISH, {"@value": "Chien", "@language": "fr"}],
        ]
        for n, value in enumerate(values):
            yield f"4.6 credential: {member} {n}", credential(**{member: value})
            yield f"4.6 issuer: {member} {n}", credential(issuer={"id": "did:example:i", member: value})
    yield "4.7 issuer may be an object with an id", credential(issuer={"id": "did:example:issuer"})
    yield "4.8 several subjects", credential(credentialSubject=[{"id": "did:example:a"}, {"id": "did:example:b"}])
    for member, times in (
        ("validFrom", ("2026-02-26T00:37:06Z", "2026-02-26T00:37:06-12:00", "9999-12-31T23:59:59Z")),
        ("validUntil", ("2030-02-26T00:37:06.123Z", "2030-02-26T00:37:06+07:00", "1970-01-01T00:00:00Z")),
    ):
        for when in times:
            yield f"4.9 {member} {when}", credential(**{member: when})
    yield (
        "4.9 validFrom before validUntil",
        credential(validFrom="2025-01-01T00:00:00Z", validUntil="2027-01-01T00:00:00Z"),
    )
    yield (
        "4.9 validFrom the same as validUntil",
        credential(validFrom="2027-01-01T07:00:00+07:00", validUntil="2027-01-01T00:00:00Z"),
    )
    yield "5.3 relatedResource with digestSRI", related(digestSRI=V2_SRI)
    yield "5.3 relatedResource with digestMultibase", related(digestMultibase=V2_MULTIBASE)
    yield "5.3 relatedResource with a mediaType", related(digestSRI=V2_SRI, mediaType="application/ld+json")


def not_accepted() -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "4.3 no @context", credential(**{"@context": None}), "no-base-context"
    yield "4.3 no base context", credential(**{"@context": [EXAMPLES]}), "no-base-context"
    yield "4.3 the base context is not the first", credential(**{"@context": [EXAMPLES, V2]}), "no-base-context"
    yield "4.3 a text for the list", credential(**{"@context": V2}), "no-base-context"
    yield "4.3 not a URL", credential(**{"@context": [V2, "https ://not-a-url/contexts"]}), "not-a-context"
    yield "4.3 a number", credential(**{"@context": [V2, 123192875]}), "not-a-context"
    yield (
        "4.3 a context that is not at hand",
        credential(**{"@context": [V2, "https://example.com"]}),
        "no-canonical-form",
    )
    broken: list[Any] = [None, "not a url", "12", 3, ["urn:a", "urn:b"], {}]
    for value in broken:
        document = credential() | {"id": value}
        yield f"4.4 id {value!r}", document, "not-a-url"
        yield f"4.4 subject's id {value!r}", credential(credentialSubject={"id": value}), "not-a-url"
    yield "4.5 no type", credential(type=None), "missing"
    yield "4.5 an empty type", credential(type=[]), "not-a-type"
    mapped = {"@context": [V2, {"X": "https ://not-a-url#X"}], "type": ["VerifiableCredential", "X"]}
    yield "4.5 a type mapped to no URL", credential(**mapped), "no-canonical-form"
    yield "4.5 a type that is not mapped", credential(type=["VerifiableCredential", "X"]), "no-canonical-form"
    nulled = {"@context": [V2, {"@vocab": None}], "type": ["VerifiableCredential", "X"]}
    yield "4.5 a type that is not mapped, said so", credential(**nulled), "no-canonical-form"
    yield "4.5 without VerifiableCredential", credential(type=["https://example.org/#X"]), "no-base-type"
    for member in ("credentialStatus", "termsOfUse", "evidence", "refreshService", "credentialSchema"):
        yield f"4.5 {member} without type", credential(**{member: {"id": "did:example:one"}}), "missing"
        yield (
            f"4.10 {member} with a type that is a number",
            credential(**{member: {"id": "urn:a", "type": 2}}),
            "not-a-type",
        )
        several = {"id": ["urn:a", "urn:b"], "type": "https://x.org/#X"}
        yield f"4.10 {member} with several ids", credential(**{member: several}), "not-a-url"
        yield f"4.10 {member} with an id that is no URL", credential(**{member: {**several, "id": "no"}}), "not-a-url"
        yield f"5 {member} is a text", credential(**{member: "https://x.org/"}), "not-an-object"
    yield "4.11 credentialSchema without id", credential(credentialSchema={"type": "https://x.org/#X"}), "missing"
    yield (
        "4.11 credentialSchema with a number for id",
        credential(credentialSchema={"type": "https://x.org/#X", "id": 1}),
        "not-a-url",
    )
    for member in ("name", "description"):
        for value in (
            {**ENGLISH, "extra": "x"},
            {"@language": "en"},
            5,
            {**ENGLISH, "@direction": "up"},
            {"en": "Dog"},
        ):
            yield f"4.6 credential: {member} {value!r}", credential(**{member: value}), "not-a-language-value"
            named = {"id": "did:example:i", member: value}
            yield f"4.6 issuer: {member} {value!r}", credential(issuer=named), "not-a-language-value"
    yield "4.7 no issuer", credential(issuer=None), "missing"
    for value in (*broken, {"id": None}, {"id": "no"}, [], ["did:example:a"]):
        yield f"4.7 issuer {value!r}", credential() | {"issuer": value}, "not-a-url"
    yield "4.8 no credentialSubject", credential(credentialSubject=None), "missing"
    yield "4.8 a subject without claims", credential(credentialSubject={}), "empty"
    yield "4.8 one of several without claims", credential(credentialSubject=[{"id": "did:example:a"}, {}]), "empty"
    yield "4.8 no subjects", credential(credentialSubject=[]), "empty"
    yield "4.8 a text for a subject", credential(credentialSubject="did:example:a"), "not-an-object"
    for member in ("validFrom", "validUntil"):
        for when in (
            "2026-02-26",
            "2026-02-26T34:37:06Z",
            "2026-02-26T00:37:06",
            "2026-02-30T00:00:00Z",
            "soon",
            5,
            "２026-02-26T00:00:00Z",
        ):
            yield f"4.9 {member} {when}", credential(**{member: when}), "not-a-time"
    yield (
        "4.9 it ends before it begins",
        credential(validFrom="2027-01-01T00:00:00Z", validUntil="2025-01-01T00:00:00Z"),
        "ends-before-it-begins",
    )
    redefined = [V2, {"VerifiableCredential": "https://example.org/#Bad"}]
    yield "5.2 a context redefines a term", credential(**{"@context": redefined}), "no-canonical-form"
    twice = [V2, {"@protected": True, **X}, {"X": "https://example.org/#Bad"}]
    types = ["VerifiableCredential", "X"]
    yield "5.2 a context redefines a protected term", credential(**{"@context": twice}, type=types), "no-canonical-form"
    yield "5.3 relatedResource as texts", credential(relatedResource=[V2]), "not-an-object"
    yield "5.3 relatedResource without id", credential(relatedResource=[{"digestSRI": V2_SRI}]), "missing"
    one = {"id": "https://x.org/a", "digestSRI": V2_SRI}
    yield "5.3 relatedResource twice", credential(relatedResource=[one, one]), "twice"
    yield "5.3 relatedResource without a digest", related(), "no-digest"
    yield "5.3 a wrong digestSRI", related(digestSRI=V2_SRI.replace("Hrj", "Hrk")), "other-digest"
    yield "5.3 a wrong digestMultibase", related(digestMultibase=V2_MULTIBASE.replace("WZ", "WY")), "other-digest"
    yield "5.3 no digest at all", related(digestSRI="md5-abc"), "not-a-digest"
    yield "5.3 as long as no digest is", related(digestMultibase="u" + "QUJD" * 13), "not-a-digest"
    yield "5.3 another base", related(digestMultibase="zQmXyz"), "not-a-digest"


async def test_what_the_suite_wants_issued_is(api: Api) -> None:
    wrong = []
    for name, document in accepted():
        answer = await api.issue(document)
        made = answer.json().get("verifiableCredential", {})
        kept = {member: value for member, value in document.items() if member not in ("issuer", "credentialStatus")}
        same = all(made.get(member) == value for member, value in kept.items())
        if answer.status_code != 201 or not same or not isinstance(made["proof"], dict):
            wrong.append((name, answer.text))
    assert not wrong


async def test_what_the_suite_wants_refused_is(api: Api) -> None:
    wrong = []
    for name, document, code in not_accepted():
        answer = await api.issue(document)
        faults = answer.json().get("faults", [])
        told = all(one["message"]["th"] and one["message"]["en"] for one in faults)
        if answer.status_code != 422 or code not in [one["code"] for one in faults] or not told:
            wrong.append((name, answer.text))
    assert not wrong


async def test_every_fault_is_told_at_once_with_its_place(api: Api) -> None:
    answer = await api.issue(credential(type=None, issuer="x", validFrom="soon", evidence=[{"type": "Y"}, {}]))
    found = {(one["code"], one["path"]) for one in answer.json()["faults"]}
    assert found == {
        ("missing", "type"),
        ("not-a-url", "issuer"),
        ("not-a-time", "validFrom"),
        ("missing", "evidence[1].type"),
    }


async def test_1_3_a_conforming_document_is_secured_and_verifies(api: Api) -> None:
    made = await api.issued(credential())
    assert {"@context", "type", "issuer", "credentialSubject", "proof"} <= made.keys()
    verified(await api.verify(made))


@pytest.mark.parametrize("without", ["type", "@context", "issuer", "credentialSubject", "proof"])
async def test_1_3_a_verifier_produces_errors_for_what_does_not_conform(api: Api, without: str) -> None:
    made = await api.issued(credential())
    del made[without]
    assert (await api.verify(made)).status_code == 400
    assert (await api.verify({"type": ["NonconformingDocument"]})).status_code == 400
    assert (await api.present({"type": ["NonconformingDocument"]})).status_code == 400
