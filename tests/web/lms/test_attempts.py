from tests.support.problems import faults_of, refused
from tests.support.service import open_course
from tests.web.lms.conftest import Lms


async def test_staff_see_an_attempt_with_its_result_and_its_journal(lms_on_both: Lms) -> None:
    lms = lms_on_both
    await lms.world.publish(open_course())
    view = await lms.world.take("post", right=3)
    shown = (await lms.get(f"/v1/attempts/{view.attempt}")).json()
    assert (shown["candidate"], shown["course"], shown["course_version"]) == ("one", "course", 2)
    assert shown["attempt"]["state"] == "graded"
    (revision,) = shown["results"]
    assert (revision["revision"], revision["passed"]) == (1, False)
    assert revision["percent"] == shown["attempt"]["percent"]
    assert [section["section"] for section in revision["sections"]] == ["one", "two"]
    journal = (await lms.get(f"/v1/attempts/{view.attempt}/journal")).json()
    assert [place["item"] for place in journal["paper"]] == [f"i{n}" for n in range(1, 11)]
    assert all(place["question"].startswith("bankid-") for place in journal["paper"])
    (save,) = journal["saves"]
    assert (save["epoch"], save["seq"], len(save["responses"])) == (1, 1, 3)
    for secret in ("KEYWORD", "RATIONALE", "SOURCE"):
        assert secret not in str(journal["paper"])


async def test_lists_show_what_ran_out_as_graded(lms: Lms) -> None:
    await lms.world.publish(open_course())
    view = await lms.world.start("post")
    running = (await lms.get("/v1/attempts?course=course")).json()["items"]
    assert [(line["attempt"], line["state"], line["percent"]) for line in running] == [
        (view.attempt, "in_progress", None)
    ]
    assert (await lms.get("/v1/results")).json()["items"] == []
    lms.world.clock.pass_(minutes=31)
    (line,) = (await lms.get("/v1/results?course=course")).json()["items"]
    assert (line["attempt"], line["candidate"], line["percent"]) == (view.attempt, "one", 0.0)
    assert (line["ended_by"], line["ended_at"]) == ("expired", "2026-11-22T02:30:00Z")
    (ended,) = (await lms.get("/v1/attempts")).json()["items"]
    assert ended["state"] == "graded"
    assert (await lms.get("/v1/results?course=none")).json()["items"] == []


async def test_who_ran_out_having_passed_gets_at_once_what_is_issued_at_once(lms: Lms) -> None:
    course = open_course()
    await lms.world.publish(course | {"certificate": course["certificate"] | {"issue": "at_once"}})
    view = await lms.world.start("post")
    await lms.world.save(view, 1, await lms.world.key_of(view))
    lms.world.clock.pass_(minutes=31)
    assert (await lms.get("/v1/results")).json()["items"][0]["percent"] == 100.0
    async with lms.world.ctx.store.read(lms.world.org) as tx:
        assert len(await tx.certificates.of(lms.world.enrolment)) == 1


async def test_lists_go_on_where_they_ended(lms: Lms) -> None:
    await lms.world.publish(open_course(attempts={"cool_down_minutes": 0}))
    taken = []
    for _ in range(3):
        taken.append((await lms.world.take("post", right=1)).attempt)
        lms.world.clock.pass_(minutes=1)
    for path in ("/v1/attempts", "/v1/results"):
        first = (await lms.get(f"{path}?limit=2")).json()
        second = (await lms.get(f"{path}?limit=2&after={first['next']}")).json()
        assert [line["attempt"] for line in first["items"] + second["items"]] == taken
        assert second["next"] is None


async def test_a_voided_attempt_counts_no_more_and_says_why(lms_on_both: Lms) -> None:
    lms = lms_on_both
    await lms.world.publish(open_course(attempts={"limit": 1}))
    view = await lms.world.take("post")
    path = f"/v1/attempts/{view.attempt}/void"
    first = await lms.post(path, json={"reason": "ไฟฟ้าดับ"})
    assert first.status_code == 200, first.text
    assert (first.json()["attempt"]["state"], first.json()["attempt"]["void_reason"]) == ("voided", "ไฟฟ้าดับ")
    again = await lms.post(path, json={"reason": "another reason"})
    assert again.json()["attempt"]["void_reason"] == "ไฟฟ้าดับ"
    standing = (await lms.get(f"/v1/enrolments/{lms.world.enrolment}")).json()["exams"][1]
    assert (standing["attempts_used"], standing["counted"], standing["can_start"]) == (0, None, True)
    assert [line["state"] for line in standing["attempts"]] == ["voided"]
    assert (await lms.get("/v1/results")).json()["items"] == []
    async with lms.world.ctx.store.read(lms.world.org) as tx:
        (event,) = await tx.log.audited(view.attempt)
    assert (event.action, event.reason) == ("attempt.void", "ไฟฟ้าดับ")


async def test_voiding_needs_a_reason(lms: Lms) -> None:
    await lms.world.publish(open_course())
    view = await lms.world.start("post")
    path = f"/v1/attempts/{view.attempt}/void"
    assert faults_of(await lms.post(path, json={})) == [("", "missing-field")]
    assert faults_of(await lms.post(path, json={"reason": "  "})) == [("reason", "wrong-value")]
    assert faults_of(await lms.post(path, json={"reason": "a\x07"})) == [("reason", "wrong-value")]
    refused(await lms.post("/v1/attempts/att_none/void", json={"reason": "x"}), 404, "not-found")
