"""Messages to candidates have a bound, and a page is told only those that it does not have."""

from datetime import datetime, timedelta

import pytest

from exam_service.services import messages
from tests.support.problems import refused
from tests.support.service import open_course
from tests.web.lms.conftest import Lms

OF_EXAM = "/v1/courses/course/exams/post"


@pytest.fixture
async def exam(lms_on_both: Lms) -> Lms:
    await lms_on_both.world.publish(open_course())
    return lms_on_both


async def contact(lms: Lms, attempt: str) -> messages.ContactView:
    return await messages.contact(lms.world.ctx, lms.world.org, lms.world.enrolment, attempt, 1)


async def test_messages_have_a_bound_which_a_day_lifts(exam: Lms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOST", 2)
    view = await exam.world.start()
    for path in (f"/v1/attempts/{view.attempt}/messages", f"{OF_EXAM}/messages"):
        begun = exam.world.clock()
        for words in ("one", "two"):
            assert (await exam.post(path, json={"text": {"en": words}})).status_code == 201
            exam.world.clock.pass_(minutes=1)
        told = refused(await exam.post(path, json={"text": {"en": "three"}}), 409, "too-many-messages")
        assert datetime.fromisoformat(told["retry_at"]) == begun + timedelta(days=1)
    # Neither bound counts the other's, and a refused one is not sent.
    found = await contact(exam, view.attempt)
    assert ([one.text.en for one in found.messages], found.news) == (["one", "two"] * 2, 4)
    exam.world.clock.pass_(days=1)
    assert (await exam.post(f"{OF_EXAM}/messages", json={"text": {"en": "four"}})).status_code == 201


async def test_a_page_is_told_only_what_it_does_not_have(exam: Lms) -> None:
    view = await exam.world.start()
    for words in ("one", "two", "three"):
        assert (await exam.post(f"{OF_EXAM}/messages", json={"text": {"en": words}})).status_code == 201
        exam.world.clock.pass_(seconds=50)
    path = f"/v1/candidate/attempts/{view.attempt}/contact"
    key = await exam.world.session()

    async def told(after: str) -> list[str]:
        answer = await exam.get(path, params={"after": after}, key=key)
        assert answer.status_code == 200, answer.text
        return [one["text"]["en"] for one in answer.json()["messages"]]

    one, two, three = [message.id for message in (await contact(exam, view.attempt)).messages]
    # The one of the minute before comes again: another process may have stored it later.
    assert await told(one) == ["two", "three"]
    assert await told(two) == ["one", "three"]
    assert await told(three) == ["two"]
    assert await told("msg_of_another") == ["one", "two", "three"]
