"""eddsa-rdfc-2022: the W3C vectors byte for byte, and what has no safe canonical form is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto.contexts import PINNED, ContextChanged, load
from exam_service.adapters.crypto.data_integrity import CannotCanonicalise, DataIntegrity
from exam_service.core.certificates import credential, did
from tests.support.issuing import DI, Issuer, issuance
from tests.support.optional import optional

EXAMPLES = {
    "https://www.w3.org/ns/credentials/examples/v2": {
        "@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}
    }
}


@pytest.fixture
def vectors(shared_data: Path) -> Path:
    return shared_data / "vc-di-eddsa"


def digests(folder: Path) -> tuple[str, bytes, str]:
    canonical = (folder / "canonDocDataInt.txt").read_text()
    combined = bytes.fromhex((folder / "combinedHashDataInt.txt").read_text().strip())
    return canonical, combined, (folder / "sigHexDataInt.txt").read_text().strip()


def check(di: DataIntegrity, vectors: Path, folder: Path, unsigned: dict[str, Any]) -> None:
    config = json.loads((folder / "proofConfigDataInt.json").read_text())
    canonical, combined, signature = digests(folder)
    keys = json.loads((vectors / "keyPair.json").read_text())
    seed = did.from_base58(keys["privateKeyMultibase"][1:])[2:]
    assert di.canonical(unsigned) == canonical
    assert di.canonical(config) == (folder / "proofCanonDataInt.txt").read_text()
    assert di.hash_data(unsigned, config) == combined
    assert ed25519.sign(seed, combined).hex() == signature
    signed = json.loads((folder / "signedDataInt.json").read_text())
    value = did.from_base58(signed["proof"]["proofValue"][1:])
    public = did.from_multikey(keys["publicKeyMultibase"])
    assert did.base58(bytes.fromhex(signature)) == signed["proof"]["proofValue"][1:]
    assert ed25519.verify(public, di.hash_data(unsigned, config), value)


def test_the_alumni_vector_of_the_specification(vectors: Path, repository: Path) -> None:
    di = DataIntegrity(repository / "certs" / "contexts", EXAMPLES)
    check(di, vectors, vectors / "eddsa-rdfc-2022", json.loads((vectors / "unsigned.json").read_text()))


def test_the_employment_vector_of_the_specification(vectors: Path, repository: Path) -> None:
    package = repository / "tests/verifiers/node_modules/@digitalbazaar/citizenship-context/contexts/v4rc1.jsonld"
    if not package.is_file():
        optional("the citizenship context is not there: run `npm ci --prefix tests/verifiers`")
    extra = {"https://w3id.org/citizenship/v4rc1": json.loads(package.read_text())}
    di = DataIntegrity(repository / "certs" / "contexts", extra)
    unsigned = json.loads((vectors / "employmentAuth.json").read_text())
    check(di, vectors, vectors / "eddsa-rdfc-2022" / "employ", unsigned)


# Contexts


def test_every_pinned_context_is_bundled_with_its_bytes(repository: Path) -> None:
    assert set(load(repository / "certs" / "contexts")) == set(PINNED)


def test_the_readme_names_every_context_and_hash(repository: Path) -> None:
    text = (repository / "certs" / "contexts" / "README.md").read_text()
    for address, (name, digest) in PINNED.items():
        assert all(part in text for part in (address, name, digest))


def test_a_changed_or_missing_context_stops_everything(repository: Path, tmp_path: Path) -> None:
    for name, _ in PINNED.values():
        (tmp_path / name).write_bytes((repository / "certs" / "contexts" / name).read_bytes())
    load(tmp_path)
    victim = tmp_path / "credentials-v2.json"
    victim.write_bytes(victim.read_bytes() + b"\n")
    with pytest.raises(ContextChanged, match="credentials/v2"):
        DataIntegrity(tmp_path)
    victim.unlink()
    with pytest.raises(ContextChanged, match="missing"):
        DataIntegrity(tmp_path)


# What is refused

BASIC: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential"],
    "issuer": "did:web:x.y",
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:web:z", "name": "Somebody"},
}
CONFIG = credential.new_proof_config("did:web:x.y", "00" * 8, "2026-01-01T00:00:00Z")


def refused() -> Iterator[tuple[str, dict[str, Any], str]]:
    v2 = BASIC["@context"][0]
    subject = BASIC["credentialSubject"]
    yield "unknown context", {"@context": [v2, "https://evil.example/context"]}, "not bundled"
    yield "no context", {"@context": []}, "must be a list"
    yield "definitions at the top", {"@context": [v2, {"x": "https://x.y/"}]}, "refused"
    yield "definitions inside", {"credentialSubject": {**subject, "@context": {"name": "https://x.y/"}}}, "refused"
    yield "keyword inside", {"credentialSubject": {**subject, "@reverse": {}}}, "refused"
    yield "dropped member", {"nickname": "x"}, "do not define: nickname"
    yield "dropped inside", {"credentialSubject": {**subject, "nickname": "x"}}, "do not define"
    yield "relative id", {"id": "v/1"}, "absolute"
    yield "broken id", {"id": "https://x.y/a b"}, "absolute"
    yield "undefined type", {"type": ["VerifiableCredential", "Undefined"]}, "absolute"
    yield "too many objects", {"credentialSubject": [{"name": str(n)} for n in range(300)]}, "more than 200"
    yield "a list in a list too deep", {"credentialSubject": _deep(2000)}, "more than 200"


def _deep(depth: int) -> Any:
    value: Any = {"name": "x"}
    for _ in range(depth):
        value = {"credentialSubject": value}
    return value


@pytest.mark.parametrize("change, why", [(c, w) for _, c, w in refused()], ids=[n for n, _, _ in refused()])
def test_what_would_be_shown_but_not_signed_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotCanonicalise, match=why):
        DI.hash_data({**BASIC, **change}, CONFIG)


def test_proof_options_must_fit() -> None:
    DI.hash_data(BASIC, CONFIG)
    assert DI.hash_data(BASIC, {**CONFIG, "@context": BASIC["@context"]}) == DI.hash_data(BASIC, CONFIG)
    for document, config in (
        ({**BASIC, "proof": {}}, CONFIG),
        (BASIC, {**CONFIG, "proofValue": "z"}),
        (BASIC, {**CONFIG, "cryptosuite": "eddsa-jcs-2022"}),
        (BASIC, {**CONFIG, "type": "Ed25519Signature2020"}),
        (BASIC, {**CONFIG, "@context": ["https://w3id.org/security/data-integrity/v2"]}),
        (BASIC, {**CONFIG, "note": "not signed"}),
    ):
        with pytest.raises(CannotCanonicalise):
            DI.hash_data(document, config)


def test_a_hash_depends_on_document_and_on_options() -> None:
    first = DI.hash_data(BASIC, CONFIG)
    assert len(first) == 64
    assert DI.hash_data({**BASIC, "validFrom": "2026-01-01T00:00:01Z"}, CONFIG)[:32] == first[:32]
    assert DI.hash_data(BASIC, {**CONFIG, "created": "2026-01-01T00:00:01Z"})[32:] == first[32:]


def test_nothing_is_fetched_and_a_credential_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    import time

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    facts = issuance()
    Issuer().credential(facts)
    before = time.process_time()
    for _ in range(10):
        Issuer().credential(facts)
    assert (time.process_time() - before) / 10 < 0.1
