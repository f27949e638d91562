"""Messages to candidates, and the contact by which a page learns of them: whom they reach, and their bounds."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from exam_service.core.exams.attempt import State
from exam_service.services import messages, submitting
from tests.support.problems import faults_of, refused
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


async def test_messages_reach_who_they_are_for(exam: Lms) -> None:
    world = exam.world
    other = await world.enrol("other")
    before = await exam.post(f"{OF_EXAM}/messages", json={"text": {"en": "Nobody is here yet."}})
    assert (before.status_code, before.json()["told"]) == (201, 0)
    world.clock.pass_(seconds=1)
    mine, theirs = await world.start(), await world.start(enrolment=other)
    assert (await contact(exam, mine.attempt)).messages == ()
    everybody = {"text": {"th": "เหลือเวลาอีก 10 นาที", "en": "Ten minutes left."}, "reason": "แจ้งเวลา"}
    sent = (await exam.post(f"{OF_EXAM}/messages", json=everybody)).json()
    world.clock.pass_(seconds=1)
    assert (sent["told"], sent["attempt"]) == (2, None)
    only_me = (await exam.post(f"/v1/attempts/{mine.attempt}/messages", json={"text": {"th": "โปรดนั่งที่เดิม"}})).json()
    heard = await contact(exam, mine.attempt)
    assert [one.id for one in heard.messages] == [sent["id"], only_me["id"]]
    assert heard.messages[0].text.th == everybody["text"]["th"]  # type: ignore[index]
    assert heard.news == 2
    elsewhere = await messages.contact(world.ctx, world.org, other, theirs.attempt, 1)
    assert [one.id for one in elsewhere.messages] == [sent["id"]]
    assert (await world.save(mine, 1, {"i1": None})).news == 2
    listed = (await exam.get(f"{OF_EXAM}/messages")).json()["items"]
    assert [one["id"] for one in listed] == [before.json()["id"], sent["id"], only_me["id"]]
    await submitting.submit(world.ctx, world.org, world.enrolment, mine.attempt, 1)
    world.clock.pass_(seconds=1)
    await exam.post(f"{OF_EXAM}/messages", json={"text": {"en": "Later."}})
    after = await contact(exam, mine.attempt)
    assert (after.state, after.writes_here, len(after.messages)) == (State.graded, False, 2)


async def test_a_contact_is_heard(exam: Lms) -> None:
    view = await exam.world.start()
    exam.world.clock.pass_(seconds=45)
    await contact(exam, view.attempt)
    heard = await exam.world.ctx.presence.last_heard(exam.world.org, [view.attempt])
    assert heard[view.attempt] == exam.world.clock()


async def test_the_candidate_asks_over_http(exam: Lms) -> None:
    world = exam.world
    view, token = await world.start(), await world.session()
    path = f"/v1/candidate/attempts/{view.attempt}/contact"
    answer = await exam.get(f"{path}?epoch=1", key=token)
    assert answer.json() == {
        "attempt": view.attempt, "state": "in_progress", "epoch": 1, "writes_here": True, "saves": 0,
        "deadline": "2026-11-22T02:30:00Z", "seconds_left": 1800, "news": 0, "messages": [],
    }  # fmt: skip
    await world.save(view, 1, {"i1": None})
    await world.save(view, 2, {"i1": None})
    assert (await exam.get(path, key=token)).json()["saves"] == 2
    assert (await exam.get(path.removesuffix("/contact"), key=token)).json()["saves"] == 2
    assert (await exam.get(path, key=token)).json()["writes_here"] is False
    assert (await exam.get(f"{path}?epoch=2", key=token)).json()["writes_here"] is False
    refused(await exam.get(f"{path}?epoch=x", key=token), 400, "bad-request")
    stranger = await world.session(await world.enrol("stranger"))
    refused(await exam.get(path, key=stranger), 404, "not-found")
    refused(await exam.get(path, key=world.key), 401, "not-authenticated")


@pytest.mark.parametrize(
    "text",
    [{}, {"th": ""}, {"th": "ก" * 1001}, {"en": "bell \x07"}, {"fr": "non"}, "words", {"en": "\u200b"}],
    ids=range(7),
)
async def test_messages_that_nobody_could_read(lms: Lms, text: Any) -> None:
    await lms.world.publish(open_course())
    view = await lms.world.start()
    for path in (f"/v1/attempts/{view.attempt}/messages", f"{OF_EXAM}/messages"):
        assert faults_of(await lms.post(path, json={"text": text}))
    assert (await contact(lms, view.attempt)).news == 0
