"""What somebody might try, each answered by a named step and code; never "stands", never a trace of the program.

Most of it is signed by the organisation's real key, as whoever stole it could: what is wrong is found all the same.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from exam_service.core.certificates import cbor, qr_token, status
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates.digits import to_digits
from exam_service.core.certificates.model import Issuance, stamp
from exam_service.services import keys
from tests.support.certified import Holder, course, holder
from tests.support.issuing import Issuer
from tests.support.problems import faults_of, refused
from tests.support.service import PUBLIC_URL, World, world

JSON = {"content-type": "application/json"}


class Thief:
    """Signs whatever it likes with an organisation's own key."""

    def __init__(self, held: Holder, issuance: Issuance, pair: keys.Pair) -> None:
        self.ctx, self.id, self.issuance, self.pair = held.world.ctx, held.id, issuance, pair

    def sign(self, message: bytes) -> bytes:
        return self.ctx.signer.sign(self.pair.private.sealed, message)

    @property
    def claims(self) -> dict[Any, Any]:
        found: dict[Any, Any] = cbor.decode(qr_token.payload(self.issuance))
        return found

    def qr(self, claims: bytes | None = None, header: dict[Any, Any] | None = None, **facts: Any) -> str:
        """A QR text over these facts, or these claims, or with this header."""
        inner = claims or qr_token.payload(msgspec.structs.replace(self.issuance, **facts))
        guarded = cbor.encode(header or {1: -8, 4: bytes.fromhex(self.pair.record.kid)})
        signature = self.sign(cbor.encode(["Signature1", guarded, b"", inner]))
        return f"{PUBLIC_URL}/v/{self.id}#1{to_digits(cbor.encode(cbor.Tag(18, [guarded, {}, inner, signature])))}"

    def credential(self, method: str | None = None, proof: dict[str, str] | None = None, **facts: Any) -> bytes:
        """A credential over these facts, by this verification method, with these members of the proof changed after."""
        said = msgspec.structs.replace(self.issuance, **facts)
        lists = status.url(PUBLIC_URL, said.organisation_slug, said.status_list)
        document = credentials.unsigned(said, PUBLIC_URL, lists)
        config = credentials.new_proof_config(said.did, self.pair.record.kid, stamp(said.issued_at))
        config["verificationMethod"] = method or config["verificationMethod"]
        signature = self.sign(self.ctx.canonical(document, config))
        made = credentials.with_proof(document, config, signature)
        made["proof"][0] |= proof or {}
        return credentials.canonical_bytes(made)


@pytest.fixture
async def thief(certified: Holder) -> Thief:
    return await thief_of(certified)


async def thief_of(held: Holder) -> Thief:
    w, record = held.world, await held.record()
    async with w.ctx.store.read(w.org) as tx:
        pair = (await keys.pairs(tx, [record.kid]))[record.kid]
    return Thief(held, record.issuance, pair)


Tell = Callable[[str | bytes], Awaitable[dict[str, Any]]]


@pytest.fixture
def tell(web: httpx.AsyncClient) -> Tell:
    """The verdict of the service on a QR text or a credential."""

    async def told(evidence: str | bytes) -> dict[str, Any]:
        content = json.dumps({"qr": evidence}) if isinstance(evidence, str) else evidence
        answer = await web.post("/v1/verify", content=content, headers=JSON)
        assert answer.status_code == 200, answer.text
        verdict: dict[str, Any] = answer.json()
        assert (verdict["outcome"], verdict["status"]) != ("genuine", "stands")
        return verdict

    return told


def failing(verdict: dict[str, Any]) -> tuple[str, str, str]:
    """The outcome, and the first step that did not hold."""
    step = next(one for one in verdict["steps"] if one["passed"] is False)
    return verdict["outcome"], step["name"], step["code"]


async def test_what_the_thief_makes_without_a_change_is_the_real_one(thief: Thief, web: httpx.AsyncClient) -> None:
    """So that what follows is refused for what is wrong in it and for nothing else."""
    for content in (thief.credential(), json.dumps({"qr": thief.qr()}).encode()):
        verdict = (await web.post("/v1/verify", content=content, headers=JSON)).json()
        assert (verdict["outcome"], verdict["status"]) == ("genuine", "stands")


async def test_oversized(thief: Thief, tell: Tell, web: httpx.AsyncClient) -> None:
    large = thief.credential().replace(b'"name":"', b'"name":"' + b"x" * 300_000, 1)
    assert failing(await tell(large)) == ("not_genuine", "parse", "too-long")
    assert failing(await tell(thief.qr() + "0" * 5000)) == ("not_genuine", "parse", "too-long")
    claims = cbor.encode({**thief.claims, -70000: [1, "x" * 600, "y", "z", 1, 1]})
    assert failing(await tell(thief.qr(claims))) == ("not_genuine", "parse", "too-long")
    refused(await web.post("/v1/verify", content=b"{" * 2_100_000, headers=JSON), 413, "too-large")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
async def test_truncated(thief: Thief, tell: Tell, web: httpx.AsyncClient, part: float) -> None:
    document, qr = thief.credential(), thief.qr()
    answer = await web.post("/v1/verify", content=document[: int(len(document) * part)], headers=JSON)
    assert faults_of(answer) == [("", "not-json")]
    start = qr.index("#") + 2
    outcome, step, code = failing(await tell(qr[: start + int((len(qr) - start) * part)]))
    assert (outcome, step) == ("not_genuine", "parse")
    assert code in ("broken-digits", "broken-token")


async def test_bit_flipped(thief: Thief, tell: Tell) -> None:
    document = bytearray(thief.credential())
    document[document.index("สมหญิง".encode()) + 5] ^= 1
    assert failing(await tell(bytes(document))) == ("not_genuine", "signature", "signature-wrong")


async def test_signed_again_by_a_stranger(thief: Thief, tell: Tell) -> None:
    stranger = Issuer("stranger")
    assert failing(await tell(stranger.qr(thief.issuance, PUBLIC_URL))) == ("unknown", "key_known", "key-unknown")
    # Under the name of the real key the signature is wrong.
    thief.sign = stranger.sign  # type: ignore[method-assign]
    for evidence in (thief.qr(), thief.credential()):
        assert failing(await tell(evidence)) == ("not_genuine", "signature", "signature-wrong")


async def test_right_signature_wrong_issuer(thief: Thief, tell: Tell) -> None:
    kid = thief.pair.record.kid
    assert failing(await tell(thief.credential(did="did:web:elsewhere.example:orgs:first"))) == (
        "unknown", "key_known", "key-unknown",
    )  # fmt: skip
    method = f"did:web:elsewhere.example:orgs:first#{kid}"
    assert failing(await tell(thief.credential(method))) == ("not_genuine", "key_known", "key-of-other-issuer")


async def test_key_from_another_organisation(certified: Holder, thief: Thief, tell: Tell) -> None:
    """Each signs rightly, for what is the other's."""
    other = await neighbour(certified.world)
    their = await thief_of(other)
    their.id, their.issuance = thief.id, thief.issuance
    assert failing(await tell(their.qr())) == ("not_genuine", "status", "differs-from-record")
    outcome, step, code = failing(await tell(their.credential()))
    assert (outcome, step, code) == ("unknown", "key_known", "key-unknown")


async def neighbour(w: World) -> Holder:
    """Somebody who holds a certificate of another organisation of the same service."""
    second = await world(w.ctx, w.clock, course=course(), slug="second")
    return await holder(second)


async def test_expired_and_dated_in_the_future(certified: Holder, thief: Thief, tell: Tell) -> None:
    clock = certified.world.clock
    past = clock() + timedelta(days=1)
    await certified.change(issuance=msgspec.structs.replace(thief.issuance, valid_until=past))
    thief = await thief_of(certified)
    clock.pass_(days=2)
    for evidence in (thief.qr(), thief.credential()):
        verdict = await tell(evidence)
        assert failing(verdict) == ("genuine", "expiry", "expired")
        assert verdict["status"] == "expired"
    later = clock() + timedelta(days=2)
    await certified.change(issuance=msgspec.structs.replace(thief.issuance, issued_at=later, valid_until=None))
    thief = await thief_of(certified)
    for evidence in (thief.qr(), thief.credential()):
        verdict = await tell(evidence)
        assert failing(verdict) == ("genuine", "expiry", "not-yet-valid")
        assert verdict["status"] == "unknown"


@pytest.mark.parametrize("algorithm", [0, -7, -37, 5, "EdDSA", "none", None])
async def test_no_algorithm_and_another_one(thief: Thief, tell: Tell, algorithm: object) -> None:
    header = {1: algorithm, 4: bytes.fromhex(thief.pair.record.kid)}
    assert failing(await tell(thief.qr(header=header))) == ("not_genuine", "parse", "broken-token")
    for cryptosuite in ("eddsa-jcs-2022", "ecdsa-rdfc-2019", "none", ""):
        swapped = thief.credential(proof={"cryptosuite": cryptosuite})
        assert failing(await tell(swapped)) == ("not_genuine", "parse", "unknown-shape")


async def test_a_header_without_the_algorithm(thief: Thief, tell: Tell) -> None:
    header = {4: bytes.fromhex(thief.pair.record.kid)}
    assert failing(await tell(thief.qr(header=header))) == ("not_genuine", "parse", "broken-token")


async def test_duplicate_keys(thief: Thief, tell: Tell, web: httpx.AsyncClient) -> None:
    pairs = [cbor.encode(key) + cbor.encode(value) for key, value in sorted(thief.claims.items())]
    twice = bytes([0xA0 | len(pairs) + 1]) + b"".join(sorted([*pairs, pairs[-1]]))
    assert failing(await tell(thief.qr(twice))) == ("not_genuine", "parse", "broken-token")
    document = thief.credential()
    doubled = document.replace(b'"validFrom":', b'"validFrom":"2020-01-01T00:00:00Z","validFrom":', 1)
    refused(await web.post("/v1/verify", content=doubled, headers=JSON), 422, "unreadable-evidence")


async def test_numbers_in_another_form(thief: Thief, tell: Tell, web: httpx.AsyncClient) -> None:
    """Base32 has one form here: sixteen of A to Z and 2 to 7; small letters are what people type."""
    number, fragment = thief.id, thief.qr().partition("#")[2]
    odd = [
        number[:-1],
        f"{number}A",
        f"{number}======",
        number[:-1] + "1",
        number[:-1] + "0",
        number[:-1] + "8",
        number[:-1] + "\u0410",
        f"{number[:8]}-{number[8:]}",
        # Another number, once it is read: an `A`, or a `B` where it begins with an `A`.
        f"%4{2 if number[0] == 'A' else 1}{number[1:]}",
    ]
    for one in odd:
        answer = await web.post("/v1/verify", json={"qr": f"{PUBLIC_URL}/v/{one}#{fragment}"})
        refused(answer, 422, "unreadable-evidence")
        assert (await web.get(f"/v/{one}", headers={"accept": "text/html"})).status_code == 404
    other = ("B" if number[0] == "A" else "A") + number[1:]
    assert failing(await tell(f"{PUBLIC_URL}/v/{other}#{fragment}")) == ("not_genuine", "parse", "id-mismatch")
    document = thief.credential().replace(f"/v/{number}".encode(), f"/v/{number.lower()}".encode())
    assert failing(await tell(document)) == ("not_genuine", "parse", "unknown-shape")


@pytest.mark.parametrize(
    "alike",
    ["นางสาวสมหญิงใจดี", "นางสาวสมหญีง ใจดี", "นางสาวสมหญิง ใจดิ", "นางสาวสมหญ\u0e34ง ใจด\u0e35\u0e48", "นางสาวสมหญิง ไจดี"],
)
async def test_names_that_look_alike(thief: Thief, tell: Tell, alike: str) -> None:
    for evidence in (thief.qr(recipient_name=alike), thief.credential(recipient_name=alike)):
        verdict = await tell(evidence)
        assert failing(verdict) == ("not_genuine", "status", "differs-from-record")


async def test_titles_with_letters_of_another_script(certified: Holder, thief: Thief, tell: Tell) -> None:
    for code in ("cоurse", "сourse", "ϲourse"):
        for evidence in (thief.qr(course_code=code), thief.credential(course_code=code)):
            assert failing(await tell(evidence)) == ("not_genuine", "status", "differs-from-record")
