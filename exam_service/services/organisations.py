"""Organisations: the tenants that own banks, courses, people and keys."""

import re
from datetime import datetime

import msgspec

from exam_service.core import ids
from exam_service.core.errors import AlreadyExists, Fault, Invalid, NotFound
from exam_service.core.records import Organisation
from exam_service.core.text import Text, is_line
from exam_service.services.context import Context

_LONGEST_NAME = 200

_SLUG = Text(
    en="a slug is 1 to 64 of a-z, 0-9 and -, and begins with a letter or digit",
    th="slug ใช้ a-z, 0-9 และ - ได้ 1 ถึง 64 ตัว และต้องขึ้นต้นด้วยตัวอักษรหรือตัวเลข",
)
_NAME = Text(
    en=f"a name is one line of 1 to {_LONGEST_NAME} characters, without control characters or piles of marks",
    th=f"ชื่อต้องมีบรรทัดเดียว ยาว 1 ถึง {_LONGEST_NAME} อักขระ ไม่มีอักขระควบคุม และไม่มีวรรณยุกต์หรือสระซ้อนกันหลายชั้น",
)


class OrganisationView(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation as its own API keys see it."""

    id: str
    slug: str
    name: Text
    issuer_page: str
    """Where its signing keys are published."""
    created_at: datetime


async def create(ctx: Context, slug: str, name: Text) -> Organisation:
    """A new organisation. Raises Invalid for a slug that is no code or a bad name, AlreadyExists when it is taken."""
    faults = [] if re.fullmatch(ids.CODE_PATTERN, slug) else [Fault(code="wrong-value", path="slug", message=_SLUG)]
    for path, text in (("name.th", name.th), ("name.en", name.en)):
        if text is not None and not is_line(text, _LONGEST_NAME):
            faults.append(Fault(code="wrong-value", path=path, message=_NAME))
    if faults:
        raise Invalid(faults=faults)
    organisation = Organisation(id=ctx.new_id("org"), slug=slug, name=name, created_at=ctx.now())
    async with ctx.store.directory() as directory:
        if await directory.organisation(slug=slug) is not None:
            raise AlreadyExists(what="organisation", id=slug)
        await directory.add_organisation(organisation)
    return organisation


async def named(ctx: Context, org: str) -> Organisation:
    """The organisation with that id. Raises NotFound."""
    async with ctx.store.directory() as directory:
        organisation = await directory.organisation(id=org)
    if organisation is None:
        raise NotFound(what="organisation", id=org)
    return organisation


async def show(ctx: Context, org: str) -> OrganisationView:
    """The organisation's own facts."""
    organisation = await named(ctx, org)
    return OrganisationView(
        id=organisation.id,
        slug=organisation.slug,
        name=organisation.name,
        issuer_page=f"{ctx.policy.public_url}/orgs/{organisation.slug}/did.json",
        created_at=organisation.created_at,
    )
