"""What users of other systems told about time: limits, sweepers, windows, clocks. Each test names where."""

import json
from datetime import datetime, timedelta
from typing import Any

from exam_service.services import sweeper
from tests.elsewhere.conftest import Place
from tests.support.taker import Sent, Sitting, Taker, body_of, check, yes


def told(answer: Any) -> str:
    """What it says: "yes", or the code of the refusal, which has a sentence in both languages."""
    if answer.is_success:
        return "yes"
    problem = answer.json()
    assert problem["message"]["th"]
    assert problem["message"]["en"]
    return str(problem["code"])


async def save(taker: Taker, sitting: Sitting, seq: int, **more: Any) -> str:
    """One save of a null, with whatever else its body says."""
    body = {"epoch": sitting.epoch, "seq": seq, "responses": {"i1": None}, **more}
    return told(await taker.once("POST", f"/attempts/{sitting.attempt}/responses", content=json.dumps(body).encode()))


async def test_there_is_no_way_back_in_between_the_limit_and_the_sweeper(place: Place) -> None:
    """oli-torus#5223, #5682: for a minute after the limit, until a job came, the attempt could be entered again."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    place.clock.pass_(minutes=60)
    path = f"/attempts/{sitting.attempt}"
    assert told(await taker.once("POST", f"{path}/open", json={})) == "deadline-passed"
    assert told(await taker.once("POST", "/exams/post/attempts", json={})) == "cooling-down"
    assert told(await taker.once("GET", f"{path}/paper")) == "attempt-ended"
    view = yes(await taker.once("GET", path))
    assert (view["state"], view["seconds_left"]) == ("expired", 0)
    place.clock.pass_(seconds=30)
    assert await save(taker, sitting, 1) == "deadline-passed"
    assert (await taker.start()).number == 2


async def test_a_sweeper_that_comes_late_stamps_the_deadline_and_not_its_own_time(place: Place) -> None:
    """Moodle MDL-54907: a quiz of 30 minutes looked like 67; CSCfi/exam's saver wrote the moment when it came."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    await taker.save(sitting, taker.some(sitting))
    began = place.clock.at
    place.clock.pass_(hours=5)
    await sweeper.sweep(place.ctx)
    one = (await place.attempt(sitting.attempt))["attempt"]
    assert datetime.fromisoformat(one["ended_at"]) == began + timedelta(minutes=60)
    assert one["ended_by"] == "expired"


async def test_what_ran_out_is_graded_in_every_list_without_anybody_having_looked(place: Place) -> None:
    """canvas-lms#910: a timed submission that had run out stayed "untaken" until somebody listed it."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    await taker.save(sitting, taker.some(sitting))
    place.clock.pass_(hours=2)
    (line,) = await place.site.all("/v1/results?course=course")
    assert (line["attempt"], line["ended_by"]) == (sitting.attempt, "expired")
    await check(place.site, sitting, await place.site.jwks())


async def test_what_was_only_saved_counts_when_time_is_up(place: Place) -> None:
    """ILIAS (wpage 8298), QSM#1174: the last answers were "only auto-saved", and not scored when time ran out."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    for _ in range(5):
        await taker.save(sitting, taker.some(sitting))
    place.clock.pass_(minutes=60, seconds=29)
    sent = await taker.save(sitting, taker.some(sitting))
    assert sent.answer["in_grace"] is True
    place.clock.pass_(seconds=1)
    await check(place.site, sitting, await place.site.jwks())


async def test_a_clock_that_is_wrong_by_a_day_changes_nothing(place: Place) -> None:
    """PrairieLearn, Numbas, TAO: elements dated by the client's clock gained or lost time."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    place.clock.pass_(minutes=10)
    day = 24 * 3600 * 1000
    for seq, ago in enumerate((0, day, 365 * day), 1):
        offline = {"answered_ago_ms": ago, "monotonic": False, "after_receipt": 0, "contact_ago_ms": ago, "queued": 1}
        body = {"epoch": 1, "seq": seq, "responses": {"i1": None}, "offline": offline}
        path = f"/attempts/{sitting.attempt}/responses"
        saved = yes(await taker.once("POST", path, content=json.dumps(body).encode()))
        assert saved["seconds_left"] == 50 * 60
        assert datetime.fromisoformat(saved["received_at"]) == place.clock.at
        assert saved["in_grace"] is False
    place.clock.pass_(minutes=50, seconds=30)
    offline = {"answered_ago_ms": day, "monotonic": False, "after_receipt": 0, "contact_ago_ms": day, "queued": 1}
    assert await save(taker, sitting, 9, offline=offline) == "deadline-passed"


async def test_extra_time_moves_the_end_of_the_window_too(place: Place) -> None:
    """Submitty#10441, Sakai SAK-45667: who had extra time was marked late, because the due date had not moved."""
    closes = place.clock.at + timedelta(minutes=20)
    await place.site.publish(window={"closes_at": closes.isoformat()})
    more = {"accommodations": [{"extra_percent": 25}]}
    _, taker = await place.taker("slow", **more)
    sitting = await taker.start()
    place.clock.pass_(minutes=34, seconds=59)
    sent = await taker.save(sitting, taker.some(sitting))
    assert (sent.answer["in_grace"], sent.answer["seconds_left"]) == (False, 1)
    assert (await taker.submit(sitting))["ended_by"] == "submitted"


async def test_time_given_after_the_end_opens_the_work_again(place: Place) -> None:
    """Artemis#9390, #5962, #1867: the exam was extended, and the work of those whose time had run out stayed locked."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    await taker.save(sitting, taker.some(sitting))
    place.clock.pass_(hours=2)
    assert (await place.attempt(sitting.attempt))["attempt"]["state"] == "graded"
    await place.site.ask("POST", f"/v1/attempts/{sitting.attempt}/extra-time", json={"minutes": 10, "reason": "ไฟฟ้าดับ"})
    taker.token = (await place.session((await place.attempt(sitting.attempt))["attempt"]["enrolment"])).token
    again = await taker.start()
    assert (again.attempt, again.number) == (sitting.attempt, 1)
    again.acknowledged = list(sitting.acknowledged)
    view = yes(await taker.once("GET", f"/attempts/{again.attempt}"))
    assert (view["state"], view["seconds_left"]) == ("in_progress", 600)
    assert view["responses"] == {item: value for item, value in sitting.responses.items() if value is not None}
    await taker.save(again, taker.some(again))
    await taker.submit(again)
    detail = await place.attempt(again.attempt)
    assert len(detail["results"]) == 2
    assert detail["results"][-1]["earned"] == again.right


async def test_time_given_while_it_runs_counts_from_the_next_request(place: Place) -> None:
    """edx-exams: the minutes allowed were computed once at the start, and later allowances did not reach it."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    place.clock.pass_(minutes=59)
    given = {"minutes": 30, "reason": "เสียงรบกวน"}
    await place.site.ask("POST", f"/v1/attempts/{sitting.attempt}/extra-time", json=given)
    sent = await taker.save(sitting, taker.some(sitting))
    assert sent.answer["seconds_left"] == 31 * 60
    place.clock.pass_(minutes=30)
    assert (await taker.save(sitting, taker.some(sitting))).answer["in_grace"] is False


async def test_handing_in_after_the_grace_is_answered_and_says_when_it_ended(place: Place) -> None:
    """Artemis#1941, #2849: who finished after the grace got a bare 403, and did not know whether it counted."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    await taker.save(sitting, taker.some(sitting))
    deadline = place.clock.at + timedelta(minutes=60)
    place.clock.pass_(minutes=75)
    unsent = Sent(sitting.epoch, 2, json.dumps(taker.some(sitting)).encode(), {})
    refused = await taker.once("POST", f"/attempts/{sitting.attempt}/responses", content=body_of(unsent))
    assert told(refused) == "deadline-passed"
    view = await taker.submit(sitting)
    assert (view["state"], view["ended_by"]) == ("graded", "expired")
    assert datetime.fromisoformat(view["ended_at"]) == deadline
    assert view["receipt"]
    await check(place.site, sitting, await place.site.jwks())
