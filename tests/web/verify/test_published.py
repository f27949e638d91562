import base64
import json

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from exam_service.core.certificates import status, trust
from exam_service.core.certificates.did import from_multikey
from exam_service.core.certificates.model import RevocationReason
from exam_service.services import keys
from tests.support.certified import Holder
from tests.support.issuing import verdict_on
from tests.support.problems import refused

DID = "did:web:exam.example.ac.th"
LIST = "/orgs/first/status/1"
TRUST = "/orgs/first/trust.json"
PUBLISHED = [
    *("/.well-known/did.json", "/orgs/first/did.json", "/.well-known/jwks.json", LIST, "/.well-known/trust.json", TRUST)
]


@pytest.mark.parametrize("path", PUBLISHED)
async def test_what_is_published_may_be_read_from_any_site_and_kept_a_while(
    certified: Holder, web: httpx.AsyncClient, path: str
) -> None:
    first = await web.get(path)
    assert first.status_code == 200
    assert first.headers["content-type"].startswith("application/json")
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = await web.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_did_document_of_an_organisation_has_every_key_it_ever_had(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    w = certified.world
    w.clock.pass_(minutes=1)
    newer = await keys.create(w.ctx, w.org, "certificates")
    document = (await web.get("/orgs/first/did.json", headers={"accept": "application/did+json"})).json()
    assert document["id"] == f"{DID}:orgs:first"
    assert (len(document["verificationMethod"]), len(document["assertionMethod"])) == (3, 2)
    assert f"{document['id']}#{newer.kid}" in document["assertionMethod"]
    jwks = (await web.get("/.well-known/jwks.json")).json()["keys"]
    mine = {key["kid"]: key["state"] for key in jwks if key["iss"] == document["id"]}
    assert sorted(mine.values()) == ["active", "active", "retired"]
    (of_log,) = [key["kid"] for key in jwks if key["iss"] == document["id"] and key["purpose"] == "log"]
    assert f"{document['id']}#{of_log}" not in document["assertionMethod"], "it signs no credential"
    assert mine[newer.kid] == "active"
    assert all("d" not in key for key in jwks), "no private part"


async def test_the_trust_file_of_an_organisation_stays_the_same_until_something_in_it_changes(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    w = certified.world
    first = await web.get(TRUST)
    w.clock.pass_(hours=1)
    assert (await web.get(TRUST, headers={"if-none-match": first.headers["etag"]})).status_code == 304
    trusted = trust.from_file(first.content)
    assert [issuer.did for issuer in trusted.issuers] == [f"{DID}:orgs:first"]
    assert verdict_on(await certified.qr(), trusted, w.clock()).status == "stands"
    await w.revoke(certified.id, RevocationReason.misconduct, None, "staff")
    later = await web.get(TRUST, headers={"if-none-match": first.headers["etag"]})
    assert verdict_on(await certified.qr(), trust.from_file(later.content), w.clock()).status == "revoked"


async def test_an_organisation_or_list_that_is_not_there_is_not_found(web: httpx.AsyncClient) -> None:
    for path in ("/orgs/nobody/did.json", "/orgs/nobody/status/1", "/orgs/first/status/2"):
        refused(await web.get(path), 404, "not-found")


async def test_a_revocation_is_in_the_published_list_at_once(certified: Holder, web: httpx.AsyncClient) -> None:
    index = (await certified.record()).issuance.status_index

    async def withdrawn() -> bool:
        subject = (await web.get(LIST)).json()["credentialSubject"]
        return status.is_set(status.decode(subject["encodedList"]), index)

    assert not await withdrawn()
    w = certified.world
    await w.revoke(certified.id, RevocationReason.misconduct, None, "staff")
    assert await withdrawn()


async def test_the_list_also_comes_as_a_jwt_that_its_key_signed(certified: Holder, web: httpx.AsyncClient) -> None:
    w = certified.world
    for _ in range(2):  # The second time under a new key.
        answer = await web.get(LIST, headers={"accept": "application/vc+jwt"})
        assert answer.headers["content-type"].startswith("application/vc+jwt")
        head, payload, signature = answer.text.split(".")
        header, claims = json.loads(_unb64(head)), json.loads(_unb64(payload))
        methods = {m["id"]: m for m in (await web.get("/orgs/first/did.json")).json()["verificationMethod"]}
        public = Ed25519PublicKey.from_public_bytes(from_multikey(methods[header["kid"]]["publicKeyMultibase"]))
        public.verify(_unb64(signature), f"{head}.{payload}".encode())
        document = (await web.get(LIST)).json()
        assert claims["credentialSubject"] == document["credentialSubject"]
        assert document["proof"][0]["verificationMethod"] == header["kid"]
        w.clock.pass_(minutes=1)
        await keys.create(w.ctx, w.org, "certificates")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
