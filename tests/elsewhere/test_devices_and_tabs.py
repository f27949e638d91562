"""What users of other systems told about tabs, devices, sessions and repeated requests. Each test names where."""

import asyncio
import json
from typing import Any

import pytest

from exam_service.core.banks.interactions.numeric import Numeric
from exam_service.core.banks.interactions.single_choice import SingleChoice
from exam_service.core.banks.interactions.true_false import TrueFalse
from tests.elsewhere.conftest import Place
from tests.elsewhere.test_time import save, told
from tests.support.site import EXAM, bank
from tests.support.taker import Sent, check, yes


async def test_a_second_browser_cannot_go_on_after_the_first_handed_in(place: Place) -> None:
    """Artemis#1903: handed in early in one browser, edited on in another, and the later answers were graded."""
    enrolment, first = await place.taker("one")
    sitting = await first.start()
    await first.save(sitting, first.some(sitting))
    await first.submit(sitting)
    second = await place.session(enrolment)
    for seq in (2, 3):
        assert await save(second, sitting, seq) == "attempt-ended"
    assert told(await second.once("POST", f"/attempts/{sitting.attempt}/open", json={})) == "attempt-ended"
    await check(place.site, sitting, await place.site.jwks())


async def test_two_tabs_that_start_at_once_get_one_attempt_with_one_number(place: Place) -> None:
    """oli-torus#4250: two attempts with one number, and the student stuck; frappe/lms#1314: more than allowed."""
    await place.site.publish(attempts={"limit": 1})
    _, taker = await place.taker("one")
    answers = await asyncio.gather(*(taker.once("POST", f"/exams/{EXAM}/attempts", json={}) for _ in range(8)))
    assert {(yes(answer)["attempt"], yes(answer)["number"]) for answer in answers} == {(yes(answers[0])["attempt"], 1)}
    assert len(await place.site.all("/v1/attempts?course=course")) == 1


async def test_a_tab_from_before_a_reset_changes_nothing_of_the_new_attempt(place: Place) -> None:
    """Sensei#2124: reset in one tab, the old questions submitted in another, and a wrong score."""
    _, taker = await place.taker("one")
    old = await taker.start()
    await taker.save(old, taker.some(old))
    await place.site.ask("POST", f"/v1/attempts/{old.attempt}/void", json={"reason": "เริ่มใหม่"})
    new = await taker.start()
    assert (new.number, new.attempt != old.attempt) == (2, True)
    assert await save(taker, old, 2) == "attempt-voided"
    stale = await taker.once("POST", f"/attempts/{old.attempt}/submit", json={"epoch": 1})
    assert told(stale) == "attempt-voided"
    await taker.save(new, taker.some(new))
    await taker.submit(new)
    await check(place.site, new, await place.site.jwks())


async def test_a_session_that_expires_in_the_middle_loses_nothing(place: Place) -> None:
    """Artemis#2938: the session ran out during the exam, and what was answered since the last save was gone."""
    await place.site.publish(time_limit_minutes=180)
    enrolment, taker = await place.taker("one")
    sitting = await taker.start()
    await taker.save(sitting, taker.some(sitting))
    place.clock.pass_(minutes=121)
    refused = await taker.once("POST", f"/attempts/{sitting.attempt}/responses", content=b"{}")
    assert (refused.status_code, told(refused)) == (401, "not-authenticated")
    # Back from the learning system, the page sends the same save with the same numbers; nothing was opened anew.
    taker.token = (await place.session(enrolment)).token
    await taker.save(sitting, taker.some(sitting))
    assert [sent.seq for sent in sitting.acknowledged] == [1, 2]
    await taker.submit(sitting)
    await check(place.site, sitting, await place.site.jwks())


async def test_saves_never_score(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """webwork2#3059: maintainers feared an autosave that runs the scoring path again and again."""
    scored: list[str] = []
    for kind in (SingleChoice, TrueFalse, Numeric):

        def counted(self: Any, response: Any, score: Any = kind.score) -> Any:
            scored.append(self.id)
            return score(self, response)

        monkeypatch.setattr(kind, "score", counted)
    _, taker = await place.taker("one")
    sitting = await taker.start()
    for _ in range(30):
        await taker.save(sitting, taker.some(sitting))
    assert scored == []
    assert (await place.attempt(sitting.attempt))["results"] == []
    await taker.submit(sitting)
    assert len(scored) == len(set(scored)) == len(sitting.items)
    await taker.submit(sitting)
    assert len(scored) == len(sitting.items)
    await check(place.site, sitting, await place.site.jwks())


async def test_a_submit_that_the_client_gave_up_waiting_for_is_a_submit(place: Place) -> None:
    """edx-proctoring#654: a slow submit, the app was closed, and the attempt was flagged as an error."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    await taker.save(sitting, taker.some(sitting))
    path = f"/attempts/{sitting.attempt}/submit"
    for rounds in range(6):
        asked = asyncio.create_task(taker.once("POST", path, json={"epoch": 1}))
        for _ in range(rounds * 3):
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert (await place.attempt(sitting.attempt))["attempt"]["state"] in ("in_progress", "graded")
    assert (await taker.submit(sitting))["state"] == "graded"
    await check(place.site, sitting, await place.site.jwks())


async def test_a_question_added_while_it_runs_moves_no_answer_into_another_box(place: Place) -> None:
    """Submitty#5351: autosave by position; a question was added, and answers came back in the wrong boxes."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    before = (await taker.once("GET", f"/attempts/{sitting.attempt}/paper")).content
    await taker.save(sitting, taker.some(sitting))
    changed = bank()
    changed["questions"] = [
        {**question, "id": f"other-{question['id']}", "stem": {"en": f"{question['stem']['en']} "}}
        for question in reversed(changed["questions"])
    ]
    headers = {"Content-Type": "application/json"}
    await place.site.ask("PUT", "/v1/banks/telling", content=json.dumps(changed), headers=headers)
    await place.site.publish(sections=[
        {"code": "all", "title": {"en": "All"}, "strata": [{"bank": "telling", "count": 12}]}
    ])  # fmt: skip
    assert (await taker.once("GET", f"/attempts/{sitting.attempt}/paper")).content == before
    again = await taker.start()
    assert again.items == sitting.items
    again.acknowledged = list(sitting.acknowledged)
    await taker.save(again, taker.some(again))
    await taker.submit(again)
    await check(place.site, again, await place.site.jwks())


async def test_an_answer_that_comes_after_a_newer_one_does_not_win(place: Place) -> None:
    """Canvas merges what arrives into one hash, so whoever arrives last wins, also when it was written first."""
    _, taker = await place.taker("one")
    sitting = await taker.start()
    item = next(iter(sitting.items))
    for seq, responses in ((2, {item: None}), (1, taker.some(sitting))):
        sent = Sent(1, seq, json.dumps(responses).encode(), {})
        sent.answer = yes(await taker.send(sitting, sent))
        sitting.acknowledged.insert(0, sent)
    assert item not in yes(await taker.once("GET", f"/attempts/{sitting.attempt}"))["responses"]
    await taker.submit(sitting)
    await check(place.site, sitting, await place.site.jwks())
