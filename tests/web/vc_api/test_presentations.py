"""w3c/vc-data-model-2.0-test-suite, sections 4.3 to 4.5 and 4.13 of presentations, and 7 (verification)."""

from collections.abc import Iterator
from typing import Any

from tests.support.stranger import EXAMPLES, V2, Stranger, chained, credential, presentation
from tests.web.vc_api.conftest import Api, unverified, verified

HOLDER, ISSUER = Stranger("a holder"), Stranger("an issuer")
ASKED = {"proof": {"challenge": "u-random", "domain": "exam.example.ac.th"}}


def accepted() -> Iterator[tuple[str, dict[str, Any]]]:
    x = {"X": "https://example.org/#X"}
    yield "4.13 no credentials, no holder", HOLDER.presented(holder=None)
    yield "4.13 an empty list", HOLDER.presented(verifiableCredential=[])
    yield "4.13 id is a URL", HOLDER.presented(id="urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008")
    yield "4.13 somebody else's credential", HOLDER.presented(ISSUER.issued())
    yield "4.13 and without a holder", HOLDER.presented(ISSUER.issued(), holder=None)
    yield "4.13 several credentials", HOLDER.presented(ISSUER.issued(), ISSUER.issued(id="urn:b"))
    yield "4.13 one that is no list", HOLDER.presented(verifiableCredential=ISSUER.issued())
    yield "4.13 the holder is a URL", HOLDER.presented(holder=HOLDER.did)
    yield "4.13 the holder is an object with an id", HOLDER.presented(holder={"id": HOLDER.did})
    yield "4.13.4 self-asserted, with the holder", HOLDER.presented(HOLDER.issued())
    # The suite's fixtures are such; whose word the credential is stands in it.
    yield "4.13.4 self-asserted, without a holder", HOLDER.presented(HOLDER.issued(), holder=None)
    wrapped = ISSUER.issued(**{"@context": [V2, {"@context": x}]}, type=["VerifiableCredential", "X"])
    yield "4.3 a context in a context", HOLDER.presented(wrapped, **{"@context": [V2, {"@context": x}]})
    yield "a credential that is a link of a chain", HOLDER.presented(chained(ISSUER.begun(), ISSUER))
    yield "4.3 several contexts", HOLDER.presented(**{"@context": [V2, EXAMPLES]})
    yield "4.3 a context that is an object", HOLDER.presented(ISSUER.issued(), **{"@context": [V2, x]})
    types = ["VerifiablePresentation", "X"]
    yield "4.5 a further type", HOLDER.presented(type=types, **{"@context": [V2, x]})
    own = ISSUER.issued(**{"@context": [V2, x]}, type=["VerifiableCredential", "X"])
    yield "4.3 a credential with a context of its own", HOLDER.presented(own)
    yield "it was made for who asks", HOLDER.presented(ISSUER.issued(), **ASKED)


def not_accepted() -> Iterator[tuple[str, Any, str]]:
    right = HOLDER.presented(ISSUER.issued(), **ASKED)
    yield "4.3 no @context", {k: v for k, v in right.items() if k != "@context"}, "no-base-context"
    yield "4.3 no base context", {**right, "@context": [EXAMPLES]}, "no-base-context"
    yield "4.3 another order", HOLDER.presented(**{"@context": [EXAMPLES, V2]}), "no-base-context"
    yield "4.3 a context that is not at hand", {**right, "@context": [V2, "https://example.com"]}, "no-canonical-form"
    yield "4.3 no URL", {**right, "@context": [V2, "https ://not-a-url/contexts"]}, "not-a-context"
    yield "4.3 a number", {**right, "@context": [V2, 123192875]}, "not-a-context"
    yield "4.4 id is no URL", HOLDER.presented(id="no"), "not-a-url"
    yield "4.5 no type", HOLDER.presented(type=None), "missing"
    yield "4.5 without VerifiablePresentation", HOLDER.presented(type=["https://x.org/#X"]), "no-base-type"
    yield "4.13 the holder is no URL", HOLDER.presented(holder={"id": HOLDER.did.removeprefix("did:key:")}), "not-a-url"
    yield "4.13 the holder has no id", HOLDER.presented(holder={"name": "x"}), "not-a-url"
    for value in ("a.b.c", 5, "https://example.org/credential", None):
        yield f"4.13 a credential that is {value!r}", HOLDER.presented(verifiableCredential=[value]), "not-a-credential"
    typeless = {k: v for k, v in ISSUER.issued().items() if k != "type"}
    yield "4.13 a credential without a type", HOLDER.presented(typeless), "missing"
    yield "4.13 a credential without a proof", HOLDER.presented(credential()), "no-proof"
    forged = {**ISSUER.issued(), "name": "forged"}
    yield "4.13 a credential that does not verify", HOLDER.presented(forged), "signature-wrong"
    yield "4.13 one of two does not verify", HOLDER.presented(ISSUER.issued(), forged), "signature-wrong"
    envelope = {"@context": V2, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,e.e.e"}
    yield "4.13.1 an enveloped credential", HOLDER.presented(envelope), "enveloped"
    yield "4.13.2 an enveloped presentation", {**envelope, "type": "EnvelopedVerifiablePresentation"}, "enveloped"
    other = HOLDER.presented(HOLDER.issued(), holder="did:example:acme")
    yield "4.13.4 self-asserted, another holder", other, "key-of-another"
    yield (
        "4.13.4 self-asserted, another issuer",
        HOLDER.presented(HOLDER.issued(issuer="did:example:acme")),
        "key-of-another",
    )
    yield (
        "7 the proof is wrong",
        {**right, "proof": {**right["proof"], "proofValue": "z5nmMBw2u9TGKd9NxxHJtyZKgjN2Eh"}},
        "not-a-proof-value",
    )
    yield "7 a credential was taken out", {**right, "verifiableCredential": []}, "signature-wrong"
    swapped = {**right, "verifiableCredential": [ISSUER.issued(id="urn:other")]}
    yield "7 a credential was changed for another", swapped, "signature-wrong"
    yield "unsigned", presentation(ISSUER.issued(), holder=HOLDER.did), "no-proof"
    yield "signed as a credential is", HOLDER.presented(proof={"proofPurpose": "assertionMethod"}), "other-purpose"
    yield "by another than its holder", HOLDER.presented(holder=ISSUER.did), "key-of-another"
    yield "a text", "e.e.e", "not-an-object"


async def test_what_the_suite_wants_verified_is(api: Api) -> None:
    wrong = []
    for name, document in accepted():
        answer = await api.present(document)
        if answer.status_code != 200 or not answer.json()["verified"]:
            wrong.append((name, answer.text))
    assert not wrong


async def test_what_the_suite_wants_refused_is(api: Api) -> None:
    wrong = []
    for name, document, code in not_accepted():
        answer = await api.present(document)
        if answer.status_code != 400 or code not in unverified(answer):
            wrong.append((name, answer.status_code, answer.text))
    assert not wrong


async def test_a_presentation_is_for_who_asked_and_once(api: Api) -> None:
    made = HOLDER.presented(ISSUER.issued(), **ASKED)
    asked = {"challenge": "u-random", "domain": "exam.example.ac.th"}
    verified(await api.present(made, **asked))
    assert unverified(await api.present(made, **{**asked, "challenge": "u-other"})) == ["other-challenge"]
    assert unverified(await api.present(made, **{**asked, "domain": "evil.example"})) == ["other-domain"]
    without = HOLDER.presented(ISSUER.issued())
    assert unverified(await api.present(without, **asked)) == ["other-domain"]


async def test_what_was_issued_here_may_be_presented(api: Api) -> None:
    made = await api.issued(credential())
    verified(await api.present(HOLDER.presented(made), checks=["proof", "credentialStatus"]))
