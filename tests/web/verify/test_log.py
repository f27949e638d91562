"""The issuance log as a stranger follows it: from checkpoint, tiles and entries alone."""

import base64
import hashlib

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from exam_service.adapters.crypto import ed25519
from exam_service.core.certificates import issuance_log as log
from exam_service.core.certificates.growing import is_consistent
from exam_service.core.certificates.merkle import leaf_hash
from exam_service.core.certificates.model import new_id
from exam_service.services import issuance_log, keys
from tests.support.certified import Holder, another
from tests.support.problems import refused

LOG = "/orgs/first/log"


def root_of(leaves: list[bytes]) -> bytes:
    """As RFC 9162 defines it, of the hashes of the leaves."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


async def at(web: httpx.AsyncClient, path: str) -> httpx.Response:
    answer = await web.get(f"{LOG}/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer


async def many(certified: Holder, number: int) -> None:
    """So many more certificates that are in no log yet."""
    w, record = certified.world, await certified.record()
    async with w.ctx.store.begin(w.org) as tx:
        for n in range(1, number + 1):
            issuance = msgspec.structs.replace(record.issuance, id=new_id(n.to_bytes(10)), status_index=n)
            one = msgspec.structs.replace(record, id=issuance.id, issuance=issuance, log_proof=None)
            await tx.certificates.add_all([one])
    assert await issuance_log.adopt(w.ctx, w.org) == number


async def test_checkpoint_entries_and_tiles_are_one_tree(certified: Holder, web: httpx.AsyncClient) -> None:
    await many(certified, 599)
    answer = await at(web, "checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    origin, size, root, blank, *signatures = answer.text.splitlines()
    assert (origin, size, blank) == ("exam.example.ac.th/orgs/first/log", "600", "")
    entries, leaves = b"", b""
    for place in ("000", "001", "002.p/88"):
        answer = await at(web, f"tile/entries/{place}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
        entries += answer.content
        leaves += (await at(web, f"tile/0/{place}")).content
    of_entries = [leaf_hash(entries[n + 2 : n + 34]) for n in range(0, len(entries), 34)]
    assert {entries[n : n + 2] for n in range(0, len(entries), 34)} == {b"\x00\x20"}
    assert b"".join(of_entries) == leaves
    assert base64.b64encode(root_of(of_entries)).decode() == root
    above = (await at(web, "tile/1/000.p/2")).content
    assert above == root_of(of_entries[:256]) + root_of(of_entries[256:512])
    assert len(signatures) == 2

    for old, new in ((1, 600), (255, 256), (256, 511), (257, 600), (600, 600)):
        proof = (await at(web, f"consistency?old={old}&new={new}")).json()
        assert (proof["old_size"], proof["new_size"]) == (old, new)
        path = b"".join(base64.b64decode(one) for one in proof["proof"])
        assert is_consistent(old, new, root_of(of_entries[:old]), root_of(of_entries[:new]), path)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/000", "tile/0/000.p/3", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/001.p/1",
        "tile/0/0", "tile/0/x000/000.p/2", "tile/00/000.p/2", "tile/1/000.p/1", "tile/8/000.p/1", "tile/data/000",
        "tile/entries/000.p/3", "tile/0/x999/x999/x999/x999/x999/x999/999", "consistency?old=0&new=2",
        "consistency?old=2&new=3", "consistency?old=2&new=1", "tile//0/000.p/2", "tile/0//000.p/2", "tile/0/000.p/2/",
    ],
)  # fmt: skip
async def test_what_the_log_does_not_have_is_not_there(certified: Holder, web: httpx.AsyncClient, path: str) -> None:
    await another(certified, "attestation")
    assert len((await at(web, "tile/0/000.p/2")).content) == 64
    refused(await web.get(f"{LOG}/{path}"), 404, "not-found")


async def test_the_keys_of_the_log_verify_its_checkpoint_as_other_tools_do(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    """c2sp.org/signed-note and tlog-cosignature, from their texts: name, key id, and what is signed."""
    w = certified.world
    before = (await at(web, "keys")).text
    w.clock.pass_(minutes=1)
    await keys.create(w.ctx, w.org, "log")
    lines = (await at(web, "keys")).text.splitlines()
    assert lines[2:] == before.splitlines(), "the one before stays: old checkpoints name it"
    w.clock.pass_(hours=2)
    body, _, signatures = (await at(web, "checkpoint")).text.partition("\n\n")
    body += "\n"
    signed = dict(line.removeprefix("— ").split(" ") for line in signatures.splitlines())
    for vkey in lines[:2]:
        name, key_id, encoded = vkey.split("+", 2)
        raw = base64.b64decode(encoded)
        assert hashlib.sha256(f"{name}\n".encode() + raw).hexdigest()[:8] == key_id
        given = base64.b64decode(signed[name])
        assert given[:4].hex() == key_id
        text = body
        if raw[0] == 4:
            text = f"cosignature/v1\ntime {int.from_bytes(given[4:12])}\n{body}"
        Ed25519PublicKey.from_public_bytes(raw[1:]).verify(given[-64:], text.encode())


async def test_other_logs_are_others(certified: Holder, web: httpx.AsyncClient) -> None:
    assert certified.id
    refused(await web.get("/orgs/nobody/log/checkpoint"), 404, "not-found")
    refused(await web.get(f"{LOG}/consistency?old=a&new=2"), 400, "bad-request")


async def test_the_proof_of_a_certificate_leads_to_the_log(certified: Holder, web: httpx.AsyncClient) -> None:
    record = await certified.record()
    proof = log.read_proof(record.log_proof or b"")
    entry = log.entry(proof.salt, *log.parts_of(await certified.credential()))
    assert (await at(web, "tile/entries/000.p/1")).content == b"\x00\x20" + entry
    assert log.read_checkpoint(proof.note).root == leaf_hash(entry)
    document = msgspec.json.decode(await certified.credential())
    body = {"credential": document, "log_proof": (record.log_proof or b"").decode()}
    answer = (await web.post("/v1/verify", json=body)).json()
    assert (answer["outcome"], answer["status"]) == ("genuine", "stands")
    assert [(step["number"], step["code"]) for step in answer["steps"]][-1] == (8, "logged")
    other = await another(certified, "attestation")
    body["log_proof"] = ((await other.record()).log_proof or b"").decode()
    answer = (await web.post("/v1/verify", json=body)).json()
    assert (answer["outcome"], answer["steps"][-1]["code"]) == ("not_genuine", "log-proof-wrong")


async def test_a_checkpoint_is_signed_again_within_the_hour(certified: Holder, web: httpx.AsyncClient) -> None:
    w = certified.world
    first = (await at(web, "checkpoint")).content
    w.clock.pass_(minutes=49)
    assert (await at(web, "checkpoint")).content == first
    w.clock.pass_(minutes=2)
    await issuance_log.renew_all(w.ctx)
    async with w.ctx.store.read(w.org) as tx:
        head, keys = await tx.issuance_log.head(), await tx.keys.all()
    second = (await at(web, "checkpoint")).content
    assert second == head.note != first
    did = (await certified.record()).issuance.did
    at_ = log.signed_at(second, did, keys, ed25519.verify)
    assert at_ == w.clock.at.replace(microsecond=0)
    assert first.partition(b"\n\n")[0] == second.partition(b"\n\n")[0]
