import httpx
import pytest

from tests.support.problems import faults_of, refused
from tests.web.lms.conftest import Lms


async def test_a_key_shows_its_own_organisation(lms: Lms) -> None:
    shown = (await lms.get("/v1/organisation")).json()
    assert (shown["slug"], shown["id"]) == ("first", lms.world.org)
    assert shown["issuer_page"].endswith("/orgs/first/did.json")


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer exam_x_y"},
        {"Authorization": "Bearer exam_01kanmq3x0000000000000000z_" + "a" * 43},
        {"Authorization": "Bearer " + "x" * 5000},
    ],
)
async def test_without_a_good_key_nothing_is_said(lms: Lms, header: dict[str, str]) -> None:
    answer = await lms.http.get("/v1/organisation", headers=header)
    refused(answer, 401, "not-authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_wrong_secret_is_refused_as_an_unknown_key_is(lms: Lms) -> None:
    wrong = lms.world.key[:-1] + ("a" if lms.world.key[-1] != "a" else "b")
    unknown = "exam_01kanmq3x0000000000000000z_" + "a" * 43
    answers = [await lms.get("/v1/organisation", key=key) for key in (wrong, unknown)]
    told, other = (answer.json() for answer in answers)
    # Each request has an id of its own, which says nothing.
    assert told.pop("request_id") != other.pop("request_id")
    assert told == other
    assert answers[0].status_code == 401


async def test_a_secret_is_shown_once_and_kept_as_a_hash(lms: Lms) -> None:
    made = (await lms.post("/v1/api-keys", json={"name": "Moodle", "scopes": ["banks"]})).json()
    secret = made["token"].split("_", 2)[2]
    assert (await lms.get("/v1/banks", key=made["token"])).status_code == 200
    listed = await lms.get("/v1/api-keys")
    assert {key["name"] for key in listed.json()["items"]} == {"tests", "Moodle"}
    assert secret not in listed.text
    async with lms.world.ctx.store.read(lms.world.org) as tx:
        kept = await tx.api_keys.get(made["id"])
    assert kept is not None
    assert secret not in repr(kept)


async def test_a_key_does_only_what_its_scopes_say(lms: Lms) -> None:
    narrow = await lms.key("banks")
    assert (await lms.get("/v1/banks", key=narrow)).status_code == 200
    tried: list[httpx.Response] = [
        await lms.get("/v1/candidates", key=narrow),
        await lms.get("/v1/enrolments", key=narrow),
        await lms.get("/v1/courses", key=narrow),
        await lms.get("/v1/results", key=narrow),
        await lms.get("/v1/api-keys", key=narrow),
        await lms.post("/v1/api-keys", key=narrow, json={"name": "more", "scopes": ["banks"]}),
    ]
    for answer in tried:
        refused(answer, 403, "not-allowed")


async def test_nobody_gives_a_scope_that_they_lack(lms: Lms) -> None:
    admin = await lms.key("admin", "banks")
    answer = await lms.post("/v1/api-keys", key=admin, json={"name": "more", "scopes": ["banks", "results"]})
    assert "results" in refused(answer, 403, "not-allowed")["detail"]
    assert len((await lms.get("/v1/api-keys")).json()["items"]) == 2


async def test_a_revoked_key_is_refused_at_once(lms: Lms) -> None:
    made = (await lms.post("/v1/api-keys", json={"name": "old", "scopes": ["banks"]})).json()
    first = await lms.call("DELETE", f"/v1/api-keys/{made['id']}")
    again = await lms.call("DELETE", f"/v1/api-keys/{made['id']}")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["revoked_at"]
    refused(await lms.get("/v1/banks", key=made["token"]), 401, "not-authenticated")


async def test_the_last_key_that_makes_keys_stays(lms: Lms) -> None:
    (own,) = (await lms.get("/v1/api-keys")).json()["items"]
    refused(await lms.call("DELETE", f"/v1/api-keys/{own['id']}"), 409, "last-admin-key")
    await lms.key("admin")
    assert (await lms.call("DELETE", f"/v1/api-keys/{own['id']}")).status_code == 200


async def test_every_fault_of_a_body_is_told_at_once(lms: Lms) -> None:
    answer = await lms.post("/v1/api-keys", json={"name": 7, "scopes": ["banks", "all"], "colour": "red"})
    assert faults_of(answer) == [
        ("colour", "unknown-field"),
        ("name", "wrong-value"),
        ("scopes[1]", "wrong-value"),
    ]


async def test_the_same_call_again_makes_no_second_key(lms: Lms) -> None:
    body = {"name": "Moodle", "scopes": ["banks"]}
    head = {"Idempotency-Key": "one"}
    first = await lms.post("/v1/api-keys", json=body, headers=head)
    again = await lms.post("/v1/api-keys", json=body, headers=head)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = await lms.post("/v1/api-keys", json={**body, "name": "Canvas"}, headers=head)
    refused(other, 409, "idempotency-key-reused")
    assert len((await lms.get("/v1/api-keys")).json()["items"]) == 2
