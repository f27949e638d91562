"""What the VC-API signs is never taken for a certificate, by nobody who looks: docs/decisions/0016-vc-api.md."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exam_service.core.certificates.credential import with_proof
from exam_service.core.certificates.did import multikey
from exam_service.core.certificates.model import RevocationReason
from exam_service.services import api_keys, keys, organisations, status_lists, verification
from tests.support.certified import client, course, holder
from tests.support.issuing import Issuer, issuance
from tests.support.service import PUBLIC_URL, TestClock, service, world
from tests.support.stranger import EXAMPLES, OPEN, V2, Stranger, credential
from tests.web.vc_api.conftest import Api, refused, unverified, verified


async def test_the_issuer_is_the_keys_own_did_whatever_is_given(api: Api) -> None:
    """Nobody else's name is ever signed for: not an organisation's, not a stranger's."""
    first = await api.issued(credential())
    assert first["issuer"].startswith("did:key:z6Mk")
    organisation = f"did:web:{PUBLIC_URL.removeprefix('https://')}:orgs:first"
    for issuer in (organisation, "did:example:x", Stranger().did):
        assert (await api.issued(credential(issuer=issuer)))["issuer"] == first["issuer"]
    named = await api.issued(credential(issuer={"id": organisation, "name": "Ministry"}))
    assert named["issuer"] == {"id": first["issuer"], "name": "Ministry"}
    assert first["proof"]["verificationMethod"].startswith(f"{first['issuer']}#")


async def test_the_key_is_in_nothing_that_is_published(api: Api) -> None:
    made = await api.issued(credential())
    name = made["issuer"].removeprefix("did:key:")
    async with api.world.ctx.store.read(api.world.org) as tx:
        record = next(key for key in await tx.keys.all() if key.purpose == "vc-api")
    assert multikey(record.public) == name
    for path in ("/orgs/first/did.json", "/.well-known/did.json", "/.well-known/jwks.json", "/.well-known/trust.json"):
        answer = await api.http.get(path)
        assert answer.status_code == 200
        assert name not in answer.text
        assert record.kid not in answer.text
    assert (await api.http.get("/orgs/first/status/0")).status_code == 404


async def test_it_does_not_sign_what_looks_like_ours(api: Api) -> None:
    x = {"type": "https://x.org/#X"}
    looks: list[dict[str, Any]] = [
        {"id": f"{PUBLIC_URL}/v/AEBAGBAFAYDQQCIK"},
        {"id": PUBLIC_URL.upper()},
        {"credentialSubject": {"id": f"{PUBLIC_URL}/orgs/first/courses/course"}},
        {"evidence": {**x, "id": f"{PUBLIC_URL}/v/AEBAGBAFAYDQQCIK"}},
        {"credentialStatus": {**x, "id": f"{PUBLIC_URL}/orgs/first/status/1#5"}},
        {"credentialSubject": {"name": [f"{PUBLIC_URL}/v/x"]}},
    ]
    for change in looks:
        assert "looks-like-ours" in refused(await api.issue(credential(**change))), change
    for kind in ("OpenBadgeCredential", "AchievementCredential", "BitstringStatusListCredential"):
        assert "ours-to-make" in refused(await api.issue(credential(type=["VerifiableCredential", kind])))
    # Another's address that only begins alike is another's.
    await api.issued(credential(id=f"{PUBLIC_URL}.example.org/v/x"))


async def test_our_verifier_takes_none_of_it_for_a_certificate(sqlite_url: str, tmp_path: Path) -> None:
    """The document of a real certificate, signed by the key of the VC-API behind the API's back."""
    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock, EXAM_VC_API="on") as ctx:
        certified = await holder(await world(ctx, clock, course=course()))
        document = json.loads(await certified.credential())
        key = await keys.ensure(ctx, certified.world.org, "vc-api")
        unsigned = {name: value for name, value in document.items() if name != "proof"}
        organisation = document["issuer"]["id"]
        methods = (
            f"{key.did}#{multikey(key.public)}",
            f"{organisation}#{key.kid}",
            document["proof"][0]["verificationMethod"],
        )
        async with client(certified.world) as http:
            right = await http.post("/v1/verify", json=document)
            assert (right.json()["outcome"], right.json()["status"]) == ("genuine", "stands")
            verified(await http.post("/credentials/verify", json={"verifiableCredential": document}))
            for method in methods:
                for issuer in (document["issuer"], {**document["issuer"], "id": key.did}):
                    forged = {**unsigned, "issuer": issuer}
                    config = {**document["proof"][0], "verificationMethod": method}
                    config.pop("proofValue")
                    async with ctx.store.begin(certified.world.org) as tx:
                        signature = await keys.sign(ctx, tx, key, clock(), ctx.canonical(forged, config))
                    forged = with_proof(forged, config, signature)
                    verdict = (await http.post("/v1/verify", json=forged)).json()
                    assert verdict["outcome"] != "genuine", (method, issuer)
                    assert verdict["status"] == "unknown"
                    answer = await http.post("/credentials/verify", json={"verifiableCredential": forged})
                    own = issuer["id"] == key.did and method == methods[0]
                    # That it is signed by this did:key is all that can be said of it, and it is true.
                    assert answer.status_code == (200 if own else 400), answer.text


async def test_a_certificate_is_judged_by_all_that_is_known_of_it(sqlite_url: str, tmp_path: Path) -> None:
    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock) as ctx:
        certified = await holder(await world(ctx, clock, course=course()))
        document = json.loads(await certified.credential())
        body = {"verifiableCredential": document, "options": {"checks": ["proof"]}}
        async with client(certified.world) as http:
            verified(await http.post("/credentials/verify", json=body))
            presented = Stranger().presented(document)
            verified(await http.post("/presentations/verify", json={"verifiablePresentation": presented}))
            await certified.world.revoke(certified.id, RevocationReason.misconduct, None, "test")
            assert unverified(await http.post("/credentials/verify", json=body)) == ["not-on-record"]
            answer = await http.post("/presentations/verify", json={"verifiablePresentation": presented})
            assert unverified(answer) == ["not-on-record"]


async def test_the_lists_of_certificates_and_a_strangers_certificate(api: Api) -> None:
    organisation = await organisations.named(api.world.ctx, api.world.org)
    record = await status_lists.published(api.world.ctx, organisation, 1)
    verified(await api.verify(json.loads(record.document)))
    forged = json.loads(Issuer().credential(issuance()))
    assert unverified(await api.verify(forged)) == ["unknown-did"]


async def test_a_compromised_key_verifies_nothing(api: Api) -> None:
    made = await api.issued(credential())
    verified(await api.verify(made))
    async with api.world.ctx.store.read(api.world.org) as tx:
        kid = next(key.kid for key in await tx.keys.all() if key.purpose == "vc-api")
    now = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    _, fresh = await status_lists.without_key(api.world.ctx, api.world.org, kid, now, "test", "lost")
    assert unverified(await api.verify(made)) == ["key-not-good"]
    again = await api.issued(credential())
    assert again["issuer"] == fresh.did != made["issuer"]
    verified(await api.verify(again))
    answer = await api.http.get("/credentials/status/first")
    assert answer.json()["issuer"] == fresh.did
    assert not (await verification.trust_file(api.world.ctx, with_lists=False)).issuer(fresh.did)


async def test_who_may_have_something_signed(api: Api) -> None:
    assert (await api.http.post("/credentials/issue", json={"credential": credential()})).status_code == 401
    assert (await api.issue(credential(), key="exam_nobody")).status_code == 401
    async with api.world.ctx.store.begin(api.world.org) as tx:
        narrow = (await api_keys.create(api.world.ctx, tx, "narrow", ("results", "courses"))).token
        enough = (await api_keys.create(api.world.ctx, tx, "enough", ("certificates",))).token
    assert (await api.issue(credential(), key=narrow)).status_code == 403
    assert (await api.issue(credential(), key=enough)).status_code == 201
    for body in (
        b"",
        b"{}",
        b'{"credential": 5}',
        b'{"credential": {}, "credential": {}}',
        b"[",
        b'{"credential": {"a": "\\ud800"}}',
    ):
        headers = {"Authorization": f"Bearer {enough}"}
        assert (await api.http.post("/credentials/issue", content=body, headers=headers)).status_code == 422, body


async def test_nothing_is_signed_unless_it_is_switched_on(sqlite_url: str, tmp_path: Path) -> None:
    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock) as ctx:
        made = await world(ctx, clock)
        async with client(made) as http:
            answer = await Api(http, made).issue(credential())
            assert answer.status_code == 404
            assert "EXAM_VC_API" in answer.json()["message"]["en"]
            # Verifying is for everybody, as the verify page is.
            verified(await Api(http, made).verify(Stranger().issued()))


async def test_it_is_repeated_safely_and_written_down(api: Api) -> None:
    key = {"headers": {"Idempotency-Key": "one"}}
    first, again = [await api.issue(credential(), **json.loads(json.dumps(key))) for _ in range(2)]
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    made = first.json()["verifiableCredential"]
    unsecured = {name: value for name, value in made.items() if name != "proof"}
    config = {name: value for name, value in made["proof"].items() if name != "proofValue"}
    subject = f"sha256:{hashlib.sha256(OPEN.hash_data(unsecured, config)).hexdigest()}"
    async with api.world.ctx.store.read(api.world.org) as tx:
        assert [event.action for event in await tx.log.audited(subject)] == ["credential.issue"]
    other = await api.issue(credential(id="urn:other"), **key)
    assert other.json()["code"] == "idempotency-key-reused"
    assert (await api.issued(credential())) != first.json()["verifiableCredential"]


@pytest.mark.parametrize("path", ["/credentials/verify", "/presentations/verify", "/credentials/status/first"])
async def test_the_public_ones_are_limited(api: Api, path: str) -> None:
    async with client(api.world, public=3) as http:
        answers = [await (http.get(path) if "status" in path else http.post(path, json={})) for _ in range(4)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, False, True]


async def test_a_document_that_would_keep_us_busy_is_refused_and_others_are_served(api: Api) -> None:
    alike: dict[str, Any] = {"q": "a"}
    for _ in range(4):
        alike = {"p": [alike, alike, alike]}
    poison = credential(**{"@context": [V2, EXAMPLES]}, credentialSubject=alike)
    assert refused(await api.issue(poison)) == ["no-canonical-form"]
    assert unverified(await api.verify(Stranger().secured({**poison, "issuer": Stranger().did}))) == [
        "no-canonical-form"
    ]
    assert (await api.http.get("/healthz")).status_code == 200
