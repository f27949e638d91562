"""Canonical forms of documents of any shape: the same as ours of what both take, and a bound on all work."""

import asyncio
import hashlib
import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from exam_service import resources
from exam_service.adapters.crypto.any_document import AnyDocument
from exam_service.adapters.crypto.bounded import MOST_TRIES, Bounded, TooMuchWork
from exam_service.adapters.crypto.data_integrity import CannotCanonicalise
from exam_service.adapters.crypto.open_document import MAX_DEPTH, MAX_LITERALS, MAX_TERMS
from tests.support.issuing import DI, Issuer, issuance
from tests.support.stranger import EXAMPLES, OPEN, V2, credential

CONTEXTS = [V2, EXAMPLES]


def document(subject: Any, **changes: Any) -> dict[str, Any]:
    return credential(**{"@context": CONTEXTS, "credentialSubject": subject, **changes})


def test_it_agrees_with_the_canonicaliser_of_certificates() -> None:
    unsigned = {k: v for k, v in json.loads(Issuer().credential(issuance())).items() if k != "proof"}
    assert OPEN.canonical(unsigned) == DI.canonical(unsigned)


def test_the_vector_of_the_specification(shared_data: Path) -> None:
    folder = shared_data / "vc-di-eddsa"
    unsigned = json.loads((folder / "unsigned.json").read_text())
    assert OPEN.canonical(unsigned) == (folder / "eddsa-rdfc-2022" / "canonDocDataInt.txt").read_text()


def test_nameless_nodes_that_look_alike_are_told_apart_whatever_their_order() -> None:
    """Within the bound the answer is that of RDFC-1.0, which does not depend on the order of the document."""
    parts = [{"q": "a", "p": {"q": "b"}}, {"q": "a", "p": {"q": "c"}}, {"q": "a", "p": [{"q": "b"}, {"q": "b"}]}]
    forms = {OPEN.canonical(document({"p": list(order)})) for order in itertools.permutations(parts)}
    assert len(forms) == 1


def nested(depth: int, width: int) -> dict[str, Any]:
    found: dict[str, Any] = {"q": "a"}
    for _ in range(depth):
        found = {"p": [found] * width}
    return found


POISON = {
    "many alike under many alike": document([{"p": [{"q": "a"}] * 9}] * 15),
    "a tree of twins": document(nested(6, 2)),
    "a tree of triplets": document(nested(4, 3)),
    "chains that differ at their end": document([{"p": {"p": {"p": {"q": str(n % 2)}}}} for n in range(45)]),
    "twelve pairs": document([{"p": [{"q": "a"}, {"q": "a"}]} for _ in range(60)]),
}


HARMLESS = {"twelve pairs", "chains that differ at their end"}


@pytest.mark.parametrize("name", POISON)
def test_poison_is_refused_or_done_with_soon(name: str) -> None:
    began = time.process_time()
    if name in HARMLESS:
        assert OPEN.canonical(POISON[name])
    else:
        with pytest.raises(CannotCanonicalise, match="alike"):
            OPEN.canonical(POISON[name])
    assert time.process_time() - began < 5


def test_the_bound_counts_tries_and_not_seconds() -> None:
    hub = {"subject": {"type": "blank node", "value": "_:hub"}, "predicate": {"type": "IRI", "value": "urn:p"}}
    quads: list[dict[str, Any]] = [{**hub, "object": {"type": "blank node", "value": f"_:b{n}"}} for n in range(10)]
    twice = [{**one, "subject": {"type": "blank node", "value": "_:hub2"}} for one in quads]
    counted = Bounded()
    with pytest.raises(TooMuchWork):
        counted.main({"@default": quads + twice}, {"format": "application/n-quads"})
    assert MOST_TRIES < 3_628_800


@pytest.mark.parametrize(
    "wrong, why",
    [
        (document({"q": [str(n) for n in range(MAX_LITERALS + 1)]}), "literals"),
        (document([{"q": str(n)} for n in range(201)]), "objects"),
        (document(nested(MAX_DEPTH, 1)), "deep"),
        (credential(**{"@context": [V2, {f"t{n}": f"urn:{n}" for n in range(MAX_TERMS + 1)}]}), "terms"),
        (credential(**{"@context": [V2, "https://evil.example/"]}), "not bundled"),
        (credential(**{"@context": [V2, {"@import": EXAMPLES}]}), "@import"),
        (credential(**{"@context": [V2, {"@base": "https://x.org/"}]}), "@base"),
        (credential(**{"@context": [V2, {"X": {"@id": "urn:x", "@context": "https://evil.example/"}}]}), "X"),
        (credential(**{"@context": [V2, {"X": {"@reverse": "urn:x"}}]}), "X"),
        (credential(**{"@context": [V2, {"X": {"@id": "urn:x", "@type": "@json"}}]}), "X"),
        (credential(**{"@context": [V2, {"X": "_:b0"}]}), "nameless"),
        (credential(**{"@context": [V2, None]}), "addresses or objects"),
        (document({"id": "_:b0"}), "nameless"),
        (document({"@id": "urn:x"}), "@id"),
        (document({"@graph": []}), "@graph"),
        (document({"p": {"@context": V2}}), "@context"),
        (document({"p": {"@value": "x", "@index": "x"}}), "value object"),
        (document({"p": {"@value": {"q": "x"}}}), "value object"),
        (document({"p": float("inf")}), "number"),
        (document({"p": 12.0}), "number"),
        (document({"p": None}), "null"),
        (document({"p": {"@value": 1 << 53}}), "number"),
    ],
)  # fmt: skip
def test_what_is_not_let_in(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotCanonicalise, match=why):
        OPEN.canonical(wrong)


def test_definitions_of_one_document_are_not_those_of_the_next() -> None:
    first = credential(**{"@context": [V2, {"X": "https://example.org/#A"}]}, type=["VerifiableCredential", "X"])
    second = credential(**{"@context": [V2, {"X": "https://example.org/#B"}]}, type=["VerifiableCredential", "X"])
    assert "#A>" in OPEN.canonical(first)
    assert "#B>" in OPEN.canonical(second)
    with pytest.raises(CannotCanonicalise):
        OPEN.canonical(credential(type=["VerifiableCredential", "X"]))


async def test_the_loop_goes_on_while_it_works() -> None:
    port = AnyDocument(resources.certs() / "contexts")
    config = {
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "verificationMethod": "did:key:z#z",
        "proofPurpose": "assertionMethod", "created": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    working = [asyncio.create_task(port.hash_data(POISON["a tree of twins"], config)) for _ in range(6)]
    turns = 0
    while not all(task.done() for task in working):
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 5
    assert all(isinstance(task.exception(), CannotCanonicalise) for task in working)
    assert len(await port.hash_data(credential(), config)) == 64


def test_digests_are_known_of_what_is_bundled_and_of_nothing_else() -> None:
    port = AnyDocument(resources.certs() / "contexts")
    assert (
        port.digest(V2, "sha256")
        == hashlib.sha256((resources.certs() / "contexts/credentials-v2.json").read_bytes()).digest()
    )
    assert port.digest(V2, "md5") is None
    assert port.digest("https://example.org/", "sha256") is None
