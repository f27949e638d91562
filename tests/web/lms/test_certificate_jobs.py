"""A whole course's certificates by one call, and how far that is."""

from typing import Any

import pytest

from exam_service.core.errors import Unavailable
from exam_service.services import bulk_issue, issuing
from tests.support.problems import faults_of, refused
from tests.support.service import open_course
from tests.web.lms.conftest import Lms

ALL = "/v1/courses/course/certificates"


@pytest.fixture
async def passed(lms_on_both: Lms) -> Lms:
    """Five who have passed, and one who has not."""
    w = lms_on_both.world
    await w.publish(open_course())
    for n in range(5):
        w.enrolment = await w.enrol(f"passed-{n}")
        await w.take("post")
    return lms_on_both


async def after(lms: Lms, job: str) -> dict[str, Any]:
    await lms.world.ctx.background.idle()
    view: dict[str, Any] = (await lms.get(f"/v1/jobs/{job}")).json()
    return view


async def test_everybody_gets_theirs_and_is_counted(passed: Lms) -> None:
    started = await passed.post(ALL, json={})
    assert started.status_code == 202, started.text
    assert started.json()["total"] == 6
    view = await after(passed, started.json()["job"])
    assert (view["kind"], view["state"], view["total"], view["done"]) == ("certificates", "finished", 6, 6)
    assert view["counts"] == {"issued": 5, "standing": 0, "not_yet_earned": 1, "withdrawn": 0}
    again = await after(passed, (await passed.post(ALL, json={})).json()["job"])
    assert again["counts"]["standing"] == 5
    other = await after(passed, (await passed.post(ALL, json={"kind": "attestation"})).json()["job"])
    assert other["counts"]["issued"] == 5
    listed = (await passed.get("/v1/certificates")).json()["items"]
    assert len(listed) == 10


async def test_what_was_cut_off_goes_on_when_the_call_is_repeated(passed: Lms, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> Any:
        raise Unavailable(retry_at=passed.world.clock())

    key = {"Idempotency-Key": "all-2569"}
    with monkeypatch.context() as patch:
        patch.setattr(issuing, "sign", away)
        started = (await passed.post(ALL, json={}, headers=key)).json()
        cut = await after(passed, started["job"])
        assert (cut["state"], cut["errors"][0]["code"]) == ("stopped", "unavailable")
    assert (await passed.post(ALL, json={}, headers=key)).json() == started
    view = await after(passed, started["job"])
    assert view["state"] == "finished"
    assert (view["counts"]["issued"], view["counts"]["standing"], view["errors"]) == (5, 0, [])
    assert len((await passed.get("/v1/certificates")).json()["items"]) == 5


async def test_one_that_fails_is_named(passed: Lms, monkeypatch: pytest.MonkeyPatch) -> None:
    real, unlucky = issuing.prepare_all, passed.world.enrolment

    async def prepare(ctx: Any, tx: Any, organisation: Any, some: list[str], *given: Any, **more: Any) -> Any:
        if unlucky in some:
            raise RuntimeError("not this one")
        return await real(ctx, tx, organisation, some, *given, **more)

    monkeypatch.setattr(issuing, "prepare_all", prepare)
    view = await after(passed, (await passed.post(ALL, json={})).json()["job"])
    assert (view["state"], view["done"], view["failed"]) == ("finished", 5, 1)
    (error,) = view["errors"]
    assert (error["code"], unlucky in error["message"]["en"]) == ("not-issued", True)


async def test_what_cannot_be_is_refused_before_anything_is_done(passed: Lms) -> None:
    refused(await passed.post("/v1/courses/nothing/certificates", json={}), 409, "not-published")
    assert faults_of(await passed.post(ALL, json={"kind": "diploma"})) != []
    assert faults_of(await passed.post(ALL, json={"course": "course"})) != []
    enrolments = await passed.key("enrolments")
    refused(await passed.post(ALL, json={}, key=enrolments), 403, "not-allowed")
    job = (await passed.post(ALL, json={})).json()["job"]
    await after(passed, job)
    refused(await passed.get(f"/v1/jobs/{job}", key=enrolments), 403, "not-allowed")
    refused(await passed.get("/v1/jobs/job_none"), 404, "not-found")
    await passed.world.publish(
        open_course() | {"certificate": open_course()["certificate"] | {"kinds": ["attestation"]}}
    )
    refused(await passed.post(ALL, json={"kind": "certificate"}), 422, "kind-not-offered")


async def test_a_job_counts_what_it_issued_before_it_was_cut_off(passed: Lms, monkeypatch: pytest.MonkeyPatch) -> None:
    real, times = issuing.sign, 0

    async def away(*given: Any) -> Any:
        nonlocal times
        times += 1
        if times == 3:
            raise Unavailable(retry_at=passed.world.clock())
        return await real(*given)

    key = {"Idempotency-Key": "all-2569"}
    with monkeypatch.context() as patch:
        patch.setattr(bulk_issue, "TOGETHER", 2)
        patch.setattr(issuing, "sign", away)
        started = (await passed.post(ALL, json={}, headers=key)).json()
        cut = await after(passed, started["job"])
        assert (cut["state"], cut["counts"]["issued"]) == ("stopped", 3)
    await passed.post(ALL, json={}, headers=key)
    view = await after(passed, started["job"])
    assert view["counts"] == {"issued": 5, "standing": 0, "not_yet_earned": 1, "withdrawn": 0}


async def test_two_jobs_at_once_count_each_certificate_once(passed: Lms) -> None:
    started = [(await passed.post(ALL, json={})) for _ in range(2)]
    views = [await after(passed, one.json()["job"]) for one in started]
    assert sum(view["counts"]["issued"] for view in views) == 5
    assert all(view["counts"]["issued"] + view["counts"]["standing"] == 5 for view in views)
