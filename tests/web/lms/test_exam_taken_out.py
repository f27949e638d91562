"""An exam that a newer version of the course has no more, while somebody still takes it; on both databases."""

from exam_service.services import attempts
from tests.support.problems import refused
from tests.support.service import open_course
from tests.web.lms.conftest import Lms


async def test_staff_looks_after_who_takes_an_exam_that_the_course_has_no_more(lms_on_both: Lms) -> None:
    lms, world, of_pre = lms_on_both, lms_on_both.world, "/v1/courses/course/exams/pre"
    await world.publish(open_course())
    view = await world.start("pre")
    without = open_course()
    without["exams"] = [one for one in without["exams"] if one["code"] != "pre"]
    await world.publish(without)
    await world.publish({**without, "hours": 13})
    given = await lms.post(f"{of_pre}/extra-time", json={"minutes": 10, "reason": "ไฟฟ้าดับ"})
    assert given.json()["attempts"] == 1, given.text
    told = await lms.post(f"{of_pre}/messages", json={"text": {"en": "Go on."}})
    assert told.json()["told"] == 1, told.text
    seen = await attempts.look(world.ctx, world.org, world.enrolment, view.attempt)
    assert (seen.news, (seen.deadline - view.deadline).total_seconds()) == (2, 600)
    for path in ("live", "late-saves", "messages", "audit"):
        assert (await lms.get(f"{of_pre}/{path}")).status_code == 200, path
    assert (await lms.get(f"{of_pre}/live")).json()["counts"]["running"] == 1
    refused(await lms.get("/v1/courses/course/exams/never/audit"), 404, "not-found")
