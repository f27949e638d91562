"""Several processes of the service behave as one, whichever of them is asked."""

import asyncio
import json
import math
import statistics
import time

from exam_service.services.live import EVERY_SECONDS
from tests.replicas.conftest import PER_MINUTE
from tests.support.fleet import REPLICAS, Fleet
from tests.support.site import COURSE, EXAM
from tests.support.taker import Sent, Sitting, Taker, body_of, check


async def test_a_limit_is_shared_to_the_last_request(fleet: Fleet) -> None:
    enrolment = await fleet.site.enrol("limited")
    token = await fleet.site.launch(enrolment)
    begun = time.monotonic()
    answers = await asyncio.gather(
        *(fleet.site.http.get(f"{fleet.services[n % REPLICAS].url}/l/{token}") for n in range(3 * PER_MINUTE))
    )
    free_again = math.ceil((time.monotonic() - begun) / (60 / PER_MINUTE))
    passed = sum(answer.status_code == 200 for answer in answers)
    assert {answer.status_code for answer in answers} == {200, 429}
    assert PER_MINUTE <= passed <= PER_MINUTE - 1 + free_again, "what came free meanwhile, and no more"
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status_code == 429)


async def test_a_launch_is_used_once_wherever_it_is_used(fleet: Fleet) -> None:
    token = await fleet.site.launch(await fleet.site.enrol("launched"))
    answers = await asyncio.gather(
        *(fleet.site.http.post(f"{one.url}/v1/launches/redeem", json={"token": token}) for one in fleet.services)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410], [answer.text for answer in answers]
    session = next(answer.json()["token"] for answer in answers if answer.status_code == 200)
    for one in fleet.services:
        me = await fleet.site.http.get(f"{one.url}/v1/candidate/me", headers={"Authorization": f"Bearer {session}"})
        assert me.status_code == 200


async def test_the_attempt_moves_to_another_device_on_another_replica_at_once(fleet: Fleet) -> None:
    taker = await fleet.taker("mover")
    phone, desk, third = (fleet.at(taker, n) for n in range(3))
    on_phone = await phone.start()
    await phone.save(on_phone, phone.some(on_phone))
    # Both have the attempt at hand, as a replica that was asked for it before may.
    on_desk = await desk.start()
    await desk.save(on_desk, desk.some(on_desk))
    for other in (phone, desk, third):
        refused = await other.send(on_phone, _next(on_phone))
        assert (refused.status_code, refused.json()["code"]) == (409, "moved-to-other-device")
    on_phone_again = await phone.start()
    await phone.save(on_phone_again, phone.some(on_phone_again))
    refused = await desk.send(on_desk, _next(on_desk))
    assert refused.json()["code"] == "moved-to-other-device"
    await phone.submit(on_phone_again)
    on_phone_again.acknowledged = [*on_phone.acknowledged, *on_desk.acknowledged, *on_phone_again.acknowledged]
    await check(fleet.site, on_phone_again, await fleet.site.jwks())


async def test_saved_on_one_and_handed_in_on_another_is_graded(fleet: Fleet) -> None:
    jwks = await fleet.site.jwks()
    taker = await fleet.taker("spread")
    for n in range(6):
        sitting = await fleet.at(taker, n % REPLICAS).start()
        for k in range(4):
            await fleet.at(taker, (n + k) % REPLICAS).save(sitting, taker.some(sitting))
        await fleet.at(taker, (n + 1) % REPLICAS).submit(sitting)
        refused = await fleet.at(taker, n % REPLICAS).send(sitting, _next(sitting))
        assert (refused.status_code, refused.json()["code"]) == (409, "attempt-ended")
        await check(fleet.site, sitting, jwks)


async def test_a_save_sent_to_all_of_them_gets_one_receipt(fleet: Fleet) -> None:
    taker = await fleet.taker("repeater")
    sitting = await taker.start()
    path = f"/attempts/{sitting.attempt}/responses"
    for n in range(1, 6):
        sitting.seq = n
        sent = _next(sitting)
        answers = await asyncio.gather(
            *(fleet.at(taker, k % REPLICAS).once("POST", path, content=body_of(sent)) for k in range(6))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["receipt"] for answer in answers}) == 1
        assert len({answer.json()["received_at"] for answer in answers}) == 1
        sent.answer = answers[0].json()
        sitting.acknowledged.append(sent)
    await taker.submit(sitting)
    await check(fleet.site, sitting, await fleet.site.jwks())


async def test_a_course_published_on_one_is_what_the_others_start(fleet: Fleet) -> None:
    taker = await fleet.taker("newcomer")
    for n, count in enumerate((3, 5, 4, 6)):
        strata = [{"bank": "telling", "count": count}]
        await fleet.site.publish(sections=[{"code": "all", "title": {"en": "All"}, "strata": strata}])
        sitting = await fleet.at(taker, n % REPLICAS).start()
        assert len(sitting.items) == count
        await fleet.at(taker, (n + 1) % REPLICAS).submit(sitting)
    listed = await fleet.site.all(f"/v1/attempts?course={COURSE}")
    assert [one["number"] for one in listed] == [1, 2, 3, 4]


async def test_time_given_through_one_counts_on_the_others(fleet: Fleet) -> None:
    enrolment = await fleet.site.enrol("slow")
    taker = Taker(fleet.site.url, await fleet.site.session(enrolment), fleet.site.http, (await fleet.taker("x")).dice)
    sitting = await taker.start()
    before = [(await fleet.at(taker, n).save(sitting, taker.some(sitting))).answer for n in range(REPLICAS)]
    given = {"accommodations": [{"extra_minutes": 15}]}
    await fleet.site.ask("PATCH", f"/v1/enrolments/{enrolment}", json=given)
    after = [(await fleet.at(taker, n).save(sitting, taker.some(sitting))).answer for n in range(REPLICAS)]
    assert len({answer["deadline"] for answer in before}) == len({answer["deadline"] for answer in after}) == 1
    assert all(850 < b["seconds_left"] - a["seconds_left"] <= 900 for a, b in zip(before, after, strict=True))


async def test_a_write_of_staff_repeated_on_all_of_them_is_done_once(fleet: Fleet) -> None:
    headers = {"Authorization": f"Bearer {fleet.site.key}", "Idempotency-Key": "once"}
    body = {"name": "one key", "scopes": ["results"]}
    answers = await asyncio.gather(
        *(
            fleet.site.http.post(f"{fleet.services[n % REPLICAS].url}/v1/api-keys", json=body, headers=headers)
            for n in range(6)
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["token"] for answer in answers}) == 1
    listed = (await fleet.site.get("/v1/api-keys"))["items"]
    assert [one["name"] for one in listed].count("one key") == 1


async def test_who_watches_on_one_is_woken_by_what_staff_does_on_another(fleet: Fleet) -> None:
    sittings = [await (await fleet.taker(f"watched-{n}")).start() for n in range(5)]
    headers = {"Authorization": f"Bearer {fleet.site.key}"}
    path = f"/v1/courses/{COURSE}/exams/{EXAM}/live"
    took = []
    async with fleet.site.http.stream("GET", f"{fleet.services[0].url}{path}/events", headers=headers) as stream:
        views = (json.loads(line[6:]) async for line in stream.aiter_lines() if line.startswith('data: {"course"'))
        view = await anext(views)
        for number, sitting in enumerate(sittings, 1):
            # Just after a look: without the bell the next one is two seconds away.
            act = f"{fleet.services[1].url}/v1/attempts/{sitting.attempt}/void"
            begun = time.monotonic()
            assert (await fleet.site.http.post(act, json={"reason": "ทุจริต"}, headers=headers)).is_success
            while view["counts"]["voided"] < number:
                view = await anext(views)
            took.append(time.monotonic() - begun)
    assert statistics.median(took) < 0.5 * EVERY_SECONDS, took


async def test_a_key_revoked_on_one_opens_none(fleet: Fleet) -> None:
    made = (await fleet.site.ask("POST", "/v1/api-keys", json={"name": "lost", "scopes": ["results"]})).json()
    headers = {"Authorization": f"Bearer {made['token']}"}

    async def tried() -> list[int]:
        urls = [f"{one.url}/v1/attempts" for one in fleet.services]
        return [(await fleet.site.http.get(url, headers=headers)).status_code for url in urls]

    assert await tried() == [200] * REPLICAS
    await fleet.site.ask("DELETE", f"/v1/api-keys/{made['id']}")
    assert await tried() == [401] * REPLICAS


def _next(sitting: Sitting) -> Sent:
    return Sent(sitting.epoch, sitting.seq + 1, b'{"%s":null}' % next(iter(sitting.items)).encode(), {})
