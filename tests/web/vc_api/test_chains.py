"""w3c/vc-di-eddsa-test-suite: chains and sets of proofs, and credentials of data model 1.1."""

from collections.abc import Iterator
from typing import Any

from exam_service.core.certificates.vc_model import PROOF_CONTEXT, V1_CONTEXT
from tests.support.stranger import V2, Stranger, chained, credential, linked
from tests.web.vc_api.conftest import Api, refused, unverified, verified

SOMEBODY, NOTARY = Stranger(), Stranger("a notary")
OF_V1 = {"@context": [V1_CONTEXT, PROOF_CONTEXT], "issuanceDate": "2026-01-01T00:00:00Z"}


def set_of(*signers: Stranger, **changes: Any) -> dict[str, Any]:
    """One credential with a proof of each, all over the same."""
    unsigned = credential(**{"issuer": SOMEBODY.did, **changes})
    made = [by.secured(unsigned, id=f"urn:link:{n}")["proof"] for n, by in enumerate(signers, 1)]
    return {**unsigned, "proof": made}


def accepted() -> Iterator[tuple[str, dict[str, Any]]]:
    two = chained(SOMEBODY.begun(), NOTARY)
    yield "two links, the second of another", two
    yield "in another order", {**two, "proof": two["proof"][::-1]}
    yield "three links", chained(two, SOMEBODY)
    yield "a link by the issuer over another's", chained(NOTARY.begun(issuer=SOMEBODY.did), SOMEBODY)
    both = set_of(SOMEBODY, NOTARY)
    yield "a set of two signers", both
    yield "a link that names both", linked(both, NOTARY, both["proof"])
    yield "a link that names one, in a list", linked(both, NOTARY, [both["proof"][0]], previousProof=["urn:link:1"])
    v1 = SOMEBODY.begun(**OF_V1)
    yield "1.1", v1
    yield "1.1, a chain", chained(v1, NOTARY)
    yield "1.1, a set", set_of(SOMEBODY, NOTARY, **OF_V1)
    yield "1.1, in force until", SOMEBODY.issued(**OF_V1, expirationDate="2027-01-01T00:00:00Z")
    yield "1.1, times without an offset", SOMEBODY.issued(**{**OF_V1, "issuanceDate": "2026-01-01T00:00:00"})


def not_accepted() -> Iterator[tuple[str, dict[str, Any], str]]:
    two = chained(SOMEBODY.begun(), NOTARY)
    first, second = two["proof"]
    yield "the earlier link was taken out", {**two, "proof": [second]}, "no-previous-proof"
    yield "it was taken out, and no list is left", {**two, "proof": second}, "no-previous-proof"
    other = {**first, "id": "urn:link:9"}
    yield "it has another name", {**two, "proof": [other, second]}, "no-previous-proof"
    yield "two have its name", {**two, "proof": [first, first, second]}, "no-previous-proof"
    resigned = SOMEBODY.secured({k: v for k, v in two.items() if k != "proof"}, id="urn:link:1", nonce="x")["proof"]
    yield "another proof has taken its place", {**two, "proof": [resigned, second]}, "signature-wrong"
    value = NOTARY.issued()["proof"]["proofValue"]
    yield "the earlier link is wrong", {**two, "proof": [{**first, "proofValue": value}, second]}, "signature-wrong"
    loose = {k: v for k, v in second.items() if k != "previousProof"}
    yield "the later link was loosened", {**two, "proof": [first, loose]}, "signature-wrong"
    yield "a claim was added", {**two, "name": "x"}, "signature-wrong"
    both = set_of(SOMEBODY, NOTARY)
    all_three = linked(both, NOTARY, both["proof"])
    less = {**all_three["proof"][2], "previousProof": "urn:link:1"}
    yield "it names fewer than it was made over", {**both, "proof": [*both["proof"], less]}, "signature-wrong"
    over = linked(both, NOTARY, both["proof"][:1], previousProof=["urn:link:1", "urn:link:1"])
    yield "one is named twice", over, "no-previous-proof"
    for wrong in ([], 5, [5], "no", ["urn:link:1", {}]):
        yield (
            f"previousProof is {wrong!r}",
            {**two, "proof": [first, {**second, "previousProof": wrong}]},
            "not-a-url",
        )
    itself = {**second, "id": "urn:link:2", "previousProof": "urn:link:2"}
    yield "a link that names itself", {**two, "proof": [first, itself]}, "signature-wrong"
    nobody = chained(NOTARY.begun(issuer=SOMEBODY.did), Stranger("a third"))
    yield "none of the links is the issuer's", nobody, "key-of-another"
    yield "nor one of the set", set_of(NOTARY, Stranger("a third")), "key-of-another"
    undefined = SOMEBODY.issued(**{**OF_V1, "@context": [V1_CONTEXT]})
    yield "1.1 without the context of proofs", undefined, "no-canonical-form"
    yield "1.1 without its date", SOMEBODY.issued(**{**OF_V1, "issuanceDate": None}), "missing"
    yield "1.1, no time", SOMEBODY.issued(**{**OF_V1, "issuanceDate": "today"}), "not-a-time"
    yield "1.1, not yet", SOMEBODY.issued(**{**OF_V1, "issuanceDate": "2027-01-01T00:00:00Z"}), "not-yet-valid"
    yield "1.1, over", SOMEBODY.issued(**OF_V1, expirationDate="2026-02-01T00:00:00Z"), "expired"
    backwards = SOMEBODY.issued(**OF_V1, expirationDate="2025-02-01T00:00:00Z")
    yield "1.1, backwards", backwards, "ends-before-it-begins"
    yield "1.1 behind 2.0", SOMEBODY.issued(**{"@context": [V2, V1_CONTEXT]}), "no-canonical-form"


async def test_chains_and_sets_are_verified(api: Api) -> None:
    wrong = []
    for name, document in accepted():
        answer = await api.verify(document)
        if answer.status_code != 200 or not answer.json()["verified"]:
            wrong.append((name, answer.text))
    assert not wrong


async def test_and_refused_when_a_link_is_wrong(api: Api) -> None:
    wrong = []
    for name, document, code in not_accepted():
        answer = await api.verify(document)
        if answer.status_code != 400 or code not in unverified(answer):
            wrong.append((name, answer.status_code, answer.text))
    assert not wrong


async def test_what_is_issued_here_may_be_signed_by_others_besides(api: Api) -> None:
    made = await api.issued(credential())
    other = NOTARY.secured({k: v for k, v in made.items() if k != "proof"})
    both = {**made, "proof": [made["proof"], other["proof"]]}
    verified(await api.verify(both, checks=["proof", "credentialStatus"]))
    # Another's proof changes nothing of whose it is.
    assert unverified(await api.verify(other)) == ["key-of-another"]


async def test_of_data_model_1_1_it_issues_what_its_context_can_say(api: Api) -> None:
    for contexts in ([V1_CONTEXT], [V1_CONTEXT, PROOF_CONTEXT]):
        made = await api.issued(credential(**{**OF_V1, "@context": contexts}))
        # The context of Data Integrity is brought along once; there is no status entry, which 1.1 has no terms for.
        assert made["@context"] == [V1_CONTEXT, PROOF_CONTEXT]
        assert "credentialStatus" not in made
        verified(await api.verify(made))
    assert refused(await api.issue(credential(**{"@context": [V1_CONTEXT]}))) == ["missing"]


async def test_no_link_of_a_chain_is_made_here(api: Api) -> None:
    """Nothing with a proof in it is signed by a key of this service."""
    made = SOMEBODY.begun()
    assert "already-secured" in refused(await api.issue(made))
