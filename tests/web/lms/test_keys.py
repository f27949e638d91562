from tests.support.problems import refused
from tests.web.lms.conftest import Lms


async def test_rotating_makes_a_new_active_key_and_retires_the_one_before(lms: Lms) -> None:
    before = (await lms.get("/v1/keys")).json()["items"]
    assert [key["state"] for key in before] == ["active"]
    lms.world.clock.pass_(minutes=1)
    made = await lms.post("/v1/keys")
    assert made.status_code == 201, made.text
    after = {key["kid"]: key for key in (await lms.get("/v1/keys")).json()["items"]}
    assert after[made.json()["kid"]] == made.json()
    assert (made.json()["state"], made.json()["public_key"][:4]) == ("active", "z6Mk")
    retired = after[before[0]["kid"]]
    assert retired["state"] == "retired"
    assert retired["retired_at"] is not None
    assert {key["did"] for key in after.values()} == {before[0]["did"]}


async def test_the_same_rotation_sent_again_makes_no_second_key(lms: Lms) -> None:
    repeat = {"Idempotency-Key": "rotate-1"}
    first, again = await lms.post("/v1/keys", headers=repeat), await lms.post("/v1/keys", headers=repeat)
    assert first.json() == again.json()
    assert len((await lms.get("/v1/keys")).json()["items"]) == 2


async def test_no_private_part_is_shown_and_only_an_admin_may_look(lms: Lms) -> None:
    assert set((await lms.get("/v1/keys")).json()["items"][0]) == {
        "kid", "did", "purpose", "state", "public_key", "kept", "created_at", "retired_at", "compromised_at",
    }  # fmt: skip
    narrow = await lms.key("certificates")
    refused(await lms.get("/v1/keys", key=narrow), 403, "not-allowed")
    refused(await lms.post("/v1/keys", key=narrow), 403, "not-allowed")
