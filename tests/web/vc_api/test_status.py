"""w3c/vc-bitstring-status-list-test-suite: the entry, the list that it names, and what becomes of both."""

import base64
import gzip
from datetime import timedelta
from typing import Any

from tests.support.service import PUBLIC_URL
from tests.support.stranger import EXAMPLES, V2, Stranger, credential
from tests.web.vc_api.conftest import Api, refused, unverified, verified

SIZE = 1 << 20


async def listed(api: Api, entry: dict[str, Any]) -> dict[str, Any]:
    """The list that an entry names, as it is published."""
    assert entry["statusListCredential"].startswith(f"{PUBLIC_URL}/")
    answer = await api.http.get(entry["statusListCredential"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    found: dict[str, Any] = answer.json()
    return found


def bits(found: dict[str, Any]) -> bytes:
    encoded = found["credentialSubject"]["encodedList"]
    assert encoded[0] == "u"
    assert "=" not in encoded
    return gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))


async def withdraw(api: Api, entry: dict[str, Any], status: bool = True, key: str | None = None) -> int:
    named = {name: entry[name] for name in ("type", "statusPurpose", "statusListIndex", "statusListCredential")}
    headers = {"Authorization": f"Bearer {key or api.world.key}"}
    body = {"credentialId": "urn:x", "credentialStatus": named, "status": status}
    return (await api.http.post("/credentials/status", json=body, headers=headers)).status_code


async def test_the_entry_and_the_list_of_the_suite(api: Api) -> None:
    made = await api.issued(credential(id="urn:uuid:1"))
    entry = made["credentialStatus"]
    # Data Model: BitstringStatusListEntry.
    assert entry["type"] == "BitstringStatusListEntry"
    assert entry["statusPurpose"] == "revocation"
    assert entry["id"] != entry["statusListCredential"]
    assert str(int(entry["statusListIndex"])) == entry["statusListIndex"]
    assert 0 <= int(entry["statusListIndex"]) < SIZE
    # Data Model: BitstringStatusListCredential.
    found = await listed(api, entry)
    assert found["id"] == entry["statusListCredential"]
    assert found["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert found["issuer"] == made["issuer"]
    assert found["credentialSubject"]["type"] == "BitstringStatusList"
    assert found["credentialSubject"]["statusPurpose"] == entry["statusPurpose"]
    assert len(bits(found)) * 8 == SIZE >= 131_072
    assert not any(bits(found))
    # Validate algorithm: the credential and the list verify.
    checks = ["proof", "credentialStatus"]
    assert verified(await api.verify(made, checks=checks))["checks"] == checks
    # The suite's schema of a list knows one proof that is no array.
    assert isinstance(found["proof"], dict)
    verified(await api.verify(found))
    # A malformed entry, and a member that nobody defines, is refused.
    assert refused(await api.issue(credential(statusEntry={"type": "BitstringStatusListEntry"}))) == [
        "no-canonical-form"
    ]
    wrong = {"type": "BitstringStatusListEntry", "statusListIndex": True, "statusListCredential": "https://example.com"}
    assert set(refused(await api.issue(credential(credentialStatus=wrong)))) == {"not-a-text", "not-an-index"}


async def test_a_malformed_entry_of_somebody_is_refused(api: Api) -> None:
    """STATUS: MALFORMED_VALUE_ERROR for what does not comply, whoever signed it."""
    right = {
        "type": "BitstringStatusListEntry", "statusPurpose": "message", "statusListIndex": "5",
        "statusListCredential": "https://x.org/list", "statusSize": 1,
    }  # fmt: skip
    messages = [{"status": f"0x{n}", "message": "x"} for n in range(4)]
    good: list[dict[str, Any]] = [
        {},
        {"statusSize": 2, "statusMessage": messages},
        {"statusReference": "https://x.org/"},
    ]
    bad: list[tuple[dict[str, Any], str]] = [
        ({"statusListIndex": 5}, "not-an-index"), ({"statusListIndex": "-1"}, "not-an-index"),
        ({"statusListIndex": "05"}, "not-an-index"), ({"statusListIndex": "0x5"}, "not-an-index"),
        ({"statusPurpose": 5}, "not-a-text"), ({"statusListCredential": "list"}, "not-a-url"),
        ({"id": "https://x.org/list"}, "twice"), ({"statusSize": 0}, "not-a-size"), ({"statusSize": "1"}, "not-a-size"),
        ({"statusSize": 2}, "wrong-messages"), ({"statusSize": 2, "statusMessage": messages[:3]}, "wrong-messages"),
        ({"statusMessage": [{"status": "0x0"}, {"status": "0x1"}]}, "wrong-messages"),
        ({"statusReference": ["no"]}, "not-a-url"),
    ]  # fmt: skip
    for change in good:
        await api.issued(credential(credentialStatus={**right, **change}))
    for change, code in bad:
        assert refused(await api.issue(credential(credentialStatus={**right, **change}))) == [code], change
        assert code in unverified(await api.verify(Stranger().issued(credentialStatus={**right, **change})))


async def test_what_is_withdrawn_verifies_no_more(api: Api) -> None:
    made, other = await api.issued(credential()), await api.issued(credential())
    entry = made["credentialStatus"]
    assert await withdraw(api, entry) == 200
    index = int(entry["statusListIndex"])
    found = bits(await listed(api, entry))
    assert found[index >> 3] == 0x80 >> (index & 7)
    assert sum(found) == found[index >> 3]
    # Also when only the proof was asked for.
    answer = await api.verify(made, checks=["proof"])
    assert unverified(answer) == ["withdrawn"]
    assert answer.json()["problemDetails"][0]["type"].endswith("status-list#STATUS_VERIFICATION_ERROR")
    verified(await api.verify(other))
    assert await withdraw(api, entry, False) == 200
    verified(await api.verify(made))


async def test_who_may_withdraw_and_what(api: Api) -> None:
    made = await api.issued(credential())
    entry = made["credentialStatus"]
    assert await withdraw(api, {**entry, "statusListCredential": f"{PUBLIC_URL}/credentials/status/other"}) == 404
    assert await withdraw(api, {**entry, "statusListCredential": f"{PUBLIC_URL}/orgs/first/status/1"}) == 404
    for index in ("-1", str(SIZE), "x", "٣"):
        assert await withdraw(api, {**entry, "statusListIndex": index}) == 422
    assert await withdraw(api, entry, key="exam_nobody") == 401
    assert not any(bits(await listed(api, entry)))


async def test_a_list_that_is_not_at_hand_is_said_so(api: Api) -> None:
    entry = {
        "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "5",
        "statusListCredential": "https://x.org/list",
    }  # fmt: skip
    made = Stranger().issued(credentialStatus=entry)
    answer = verified(await api.verify(made, checks=["proof"]))
    assert [one["title"] for one in answer["warnings"]] == ["status-unknown"]
    asked = await api.verify(made, checks=["proof", "credentialStatus"])
    assert unverified(asked) == ["status-unknown"]
    assert asked.json()["problemDetails"][0]["type"].endswith("status-list#STATUS_RETRIEVAL_ERROR")
    # One that would be ours, and is none; one of ours, past its end.
    ours = {**entry, "statusListCredential": f"{PUBLIC_URL}/credentials/status/nobody"}
    assert unverified(await api.verify(Stranger().issued(credentialStatus=ours), checks=["credentialStatus"]))
    await api.issued(credential())
    past = {**entry, "statusListCredential": f"{PUBLIC_URL}/credentials/status/first", "statusListIndex": str(SIZE)}
    assert unverified(await api.verify(Stranger().issued(credentialStatus=past), checks=["credentialStatus"]))
    odd = {"type": "https://x.org/#X", "statusListCredential": f"{PUBLIC_URL}/credentials/status/first"}
    verified(await api.verify(Stranger().issued(credentialStatus=odd, **{"@context": [V2, EXAMPLES]})))


async def test_the_list_is_signed_anew_before_it_goes_stale(api: Api) -> None:
    made = await api.issued(credential())
    entry = made["credentialStatus"]
    await withdraw(api, entry)
    before = await listed(api, entry)
    assert (await listed(api, entry))["proof"] == before["proof"]
    api.world.clock.at += timedelta(hours=13)
    after = await listed(api, entry)
    assert after["validUntil"] > before["validUntil"]
    assert bits(after) == bits(before)


async def test_there_is_no_list_before_anything_was_signed(api: Api) -> None:
    assert (await api.http.get("/credentials/status/first")).status_code == 404
    assert (await api.http.get("/credentials/status/nobody")).status_code == 404
