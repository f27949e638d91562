"""Question banks: upload, list, count. Questions and keys never go out here."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from exam_service.services import banks
from exam_service.services.banks import BankLine, BankUploadedView, BankView
from exam_service.services.once import once
from exam_service.web.body import invalid
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page, page_of

_SUFFIXES = {
    "application/json": ".json",
    "application/yaml": ".yaml",
    "application/x-yaml": ".yaml",
    "text/yaml": ".yaml",
    "text/x-yaml": ".yaml",
    "application/toml": ".toml",
    "text/toml": ".toml",
    "text/x-toml": ".toml",
}

_YAML = """\
format: exam-service/bank@1
code: measurement
title: {th: การวัดและประเมินผล, en: Measurement and evaluation}
objectives:
  - {code: validity, title: {th: ความเที่ยงตรง, en: Validity}}
questions:
  - id: v01
    type: single_choice
    objective: validity
    difficulty: easy
    stem: {th: ความเที่ยงตรงหมายถึงข้อใด, en: What is validity?}
    options:
      - {id: a, text: {th: วัดได้ตรงสิ่งที่ต้องการวัด, en: Measuring what is meant to be measured}}
      - {id: b, text: {th: วัดกี่ครั้งก็ได้ผลเท่าเดิม, en: Giving the same result each time}}
    key: a
"""


class BankVersions(msgspec.Struct, frozen=True, kw_only=True):
    """Every version of a bank, newest first."""

    items: list[BankLine]


async def upload(
    code: FromPath[str],
    request: Request[Any, Any, Any],
    ctx: Ctx,
    caller: Staff,
    repeat: Repeat,
    filename: Annotated[
        str | None,
        QueryParameter(
            description="Named in faults; its ending says YAML, TOML or JSON when the content type does not."
        ),
    ] = None,
) -> Response[BankUploadedView]:
    """New content becomes the next version (201); the content of the newest version changes nothing (200).

    Every fault is reported at once, with file, line and question. At most 20 MB.
    """
    caller.must("banks")
    name = _file_name(request, filename)
    bank = await banks.read(ctx, code, await request.body(), name)
    view = await once(ctx, caller.org, repeat, BankUploadedView, lambda tx: banks.store(ctx, tx, bank, caller.key_id))
    return Response(view, status_code=201 if view.created else 200)


@get("/banks", summary="List the question banks", **documented(scope="banks"))
async def list_all(ctx: Ctx, caller: Staff, after: After = None, limit: Limit = 100) -> Page[BankLine]:
    """The newest version of each, by code."""
    caller.must("banks")
    async with ctx.store.read(caller.org) as tx:
        found = await banks.page(tx, after, limit + 1)
    return page_of(found, limit, lambda line: line, lambda line: line.code)


@get("/banks/{code:str}", summary="What a bank holds, counted", **documented(scope="banks"))
async def show(code: FromPath[str], ctx: Ctx, caller: Staff) -> BankView:
    """The newest version by objective, difficulty and type: what a blueprint can draw from."""
    caller.must("banks")
    async with ctx.store.read(caller.org) as tx:
        return await banks.show(ctx, tx, code)


@get("/banks/{code:str}/versions", summary="The versions of a bank", **documented(scope="banks"))
async def versions(code: FromPath[str], ctx: Ctx, caller: Staff) -> BankVersions:
    """Newest first. A version never changes, and published courses keep theirs."""
    caller.must("banks")
    async with ctx.store.read(caller.org) as tx:
        return BankVersions(items=await banks.versions(tx, code))


@get("/banks/schema.json", media_type="application/schema+json", summary="The JSON Schema of the bank format")
async def schema(ctx: Ctx) -> dict[str, Any]:
    """For editors; YAML, TOML and JSON share it. Public."""
    return banks.schema(ctx)


def _file_name(request: Request[Any, Any, Any], filename: str | None) -> str:
    """The name that faults show; its ending says what the content is. Raises Invalid when nothing says it."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    given = (filename or "").replace("\\", "/").rpartition("/")[2][:100]
    given = "".join(c for c in given if c.isprintable())
    suffix = _SUFFIXES.get(media_type)
    if given.lower().endswith((".yaml", ".yml", ".toml", ".json")):
        return given
    if suffix is None:
        raise invalid(
            "unknown-format",
            "say what it is: Content-Type application/yaml, application/toml or application/json, or ?filename=….yaml",
            "ระบุชนิดไฟล์ด้วย Content-Type application/yaml, application/toml หรือ application/json หรือใช้ ?filename=….yaml",
        )
    return (given or "bank") + suffix


def handlers(max_bank: int) -> list[HTTPRouteHandler]:
    """Every route of banks. A bank may have `max_bank` bytes, which is more than other bodies."""
    takes_banks = put(
        "/banks/{code:str}",
        summary="Upload a question bank",
        request_max_body_size=max_bank,
        **documented(
            scope="banks",
            body=bytes,
            media_types=("application/yaml", "application/toml", "application/json"),
            examples={"yaml": _YAML},
            answers={200: BankUploadedView, 201: BankUploadedView},
            example={"code": "measurement", "version": 2, "questions": 48, "created": False},
        ),
    )
    return [takes_banks(upload), list_all, schema, show, versions]
