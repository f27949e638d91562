"""Courses: draft, check, publish; their published versions and exams."""

from typing import Any

from litestar import Request, Response, get, post, put
from litestar.params import FromPath

from exam_service.core.exams.model import Course, Exam
from exam_service.services import courses
from exam_service.services.courses import (
    CourseCheck,
    CourseListed,
    CourseVersionView,
    CourseView,
    ExamList,
    PublishedView,
)
from exam_service.services.once import once
from exam_service.web.body import read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page, page_of

EXAMPLE = {
    "code": "measurement-101",
    "title": {"th": "การวัดและประเมินผล", "en": "Measurement and evaluation"},
    "hours": 20,
    "facts": [{"name": "learning_complete", "type": "boolean", "label": {"th": "เรียนครบ", "en": "Learning complete"}}],
    "exams": [
        {
            "code": "pre",
            "kind": "pre_test",
            "title": {"th": "ทดสอบก่อนพัฒนา", "en": "Pre-test"},
            "sections": [
                {
                    "code": "all",
                    "title": {"th": "ทั้งหมด", "en": "All"},
                    "strata": [{"bank": "measurement", "count": 10}],
                }
            ],
            "attempts": {"limit": 1},
        },
        {
            "code": "post",
            "kind": "post_test",
            "title": {"th": "ทดสอบหลังพัฒนา", "en": "Post-test"},
            "time_limit_minutes": 30,
            "sections": [
                {
                    "code": "all",
                    "title": {"th": "ทั้งหมด", "en": "All"},
                    "strata": [
                        {"bank": "measurement", "count": 10, "difficulty": "easy"},
                        {"bank": "measurement", "count": 10, "difficulty": "medium"},
                    ],
                }
            ],
            "attempts": {"limit": 3, "cool_down_minutes": 60},
            "opens_when": {
                "rule": "all",
                "of": [{"rule": "taken", "exam": "pre"}, {"rule": "fact", "fact": "learning_complete"}],
            },
            "pass_rule": {"rule": "percent", "exam": "post", "at_least": 70},
        },
    ],
    "certificate": {"rule": {"rule": "passed", "exam": "post"}, "kinds": ["certificate"]},
}


@put(
    "/courses/{code:str}",
    summary="Write the draft of a course",
    **documented(scope="courses", body=Course, examples={"pre-test and post-test": EXAMPLE}),
)
async def write(
    code: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat
) -> CourseView:
    """The whole document, as often as you like; nobody sits anything of it before it is published."""
    caller.must("courses")
    course = await read_body(request, Course)
    return await once(ctx, caller.org, repeat, CourseView, lambda tx: courses.put(ctx, tx, code, course))


@get("/courses", summary="List the courses", **documented(scope="courses"))
async def list_all(ctx: Ctx, caller: Staff, after: After = None, limit: Limit = 100) -> Page[CourseListed]:
    """By code."""
    caller.must("courses")
    async with ctx.store.read(caller.org) as tx:
        found = await courses.page(tx, after, limit + 1)
    return page_of(found, limit, lambda line: line, lambda line: line.code)


@get("/courses/{code:str}", summary="The draft of a course", **documented(scope="courses"))
async def show(code: FromPath[str], ctx: Ctx, caller: Staff) -> CourseView:
    """With the number of the version that is published."""
    caller.must("courses")
    async with ctx.store.read(caller.org) as tx:
        return await courses.show(tx, code)


@post("/courses/{code:str}/check", status_code=200, summary="What publishing would say", **documented(scope="courses"))
async def check(code: FromPath[str], ctx: Ctx, caller: Staff) -> CourseCheck:
    """Every fault of the draft, and for each stratum how many questions it wants and how many there are."""
    caller.must("courses")
    async with ctx.store.read(caller.org) as tx:
        return await courses.check(ctx, tx, code)


@post(
    "/courses/{code:str}/publish",
    summary="Publish the draft",
    **documented(
        scope="courses",
        answers={200: PublishedView, 201: PublishedView},
        problems=["invalid-input"],
        example={"code": "measurement-101", "version": 1, "published_at": "2026-11-22T02:00:00Z", "created": True},
    ),
)
async def publish(code: FromPath[str], ctx: Ctx, caller: Staff, repeat: Repeat) -> Response[PublishedView]:
    """Freezes the draft with the newest versions of its banks (201). Unchanged, it is the version there is (200).

    Refused with every fault: unknown banks, facts and objectives, times that cannot be, and each stratum that its bank
    cannot fill, with how many questions it lacks.
    """
    caller.must("courses")
    view = await once(ctx, caller.org, repeat, PublishedView, lambda tx: courses.publish(ctx, tx, code, caller.key_id))
    return Response(view, status_code=201 if view.created else 200)


@get("/courses/{code:str}/versions/{number:int}", summary="A published version", **documented(scope="courses"))
async def show_version(code: FromPath[str], number: FromPath[int], ctx: Ctx, caller: Staff) -> CourseVersionView:
    """As it is for ever, with the bank versions that it draws from."""
    caller.must("courses")
    async with ctx.store.read(caller.org) as tx:
        return await courses.show_version(tx, code, number)


@get("/courses/{code:str}/exams", summary="The exams as published", **documented(scope="courses"))
async def exams(code: FromPath[str], ctx: Ctx, caller: Staff) -> ExamList:
    """Of the newest version."""
    caller.must("courses")
    async with ctx.store.read(caller.org) as tx:
        return await courses.exams(tx, code)


@get("/courses/{code:str}/exams/{exam:str}", summary="One exam as published", **documented(scope="courses"))
async def show_exam(code: FromPath[str], exam: FromPath[str], ctx: Ctx, caller: Staff) -> Exam:
    """Of the newest version."""
    caller.must("courses")
    async with ctx.store.read(caller.org) as tx:
        return await courses.show_exam(tx, code, exam)


HANDLERS = [write, list_all, show, check, publish, show_version, exams, show_exam]
