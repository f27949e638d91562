"""The API of learning systems: an API key of one organisation, with scopes."""

from litestar import Router

from exam_service.web.lms import (
    artwork,
    attempts,
    banks,
    candidates,
    certificates,
    courses,
    enrolments,
    invigilation,
    jobs,
    keys,
    live,
    organisation,
    rosters,
    staff_links,
)


def routers(max_bank: int) -> list[Router]:
    """Every route of the learning systems' API. A bank may have `max_bank` bytes, which is more than other bodies."""
    return [
        Router("/v1", route_handlers=organisation.HANDLERS, tags=["Organisation"]),
        Router("/v1", route_handlers=banks.handlers(max_bank), tags=["Banks"]),
        Router("/v1", route_handlers=courses.HANDLERS, tags=["Courses"]),
        Router("/v1", route_handlers=candidates.HANDLERS, tags=["Candidates"]),
        Router("/v1", route_handlers=enrolments.HANDLERS, tags=["Enrolments"]),
        Router("/v1", route_handlers=rosters.HANDLERS, tags=["Enrolments"]),
        Router("/v1", route_handlers=attempts.HANDLERS, tags=["Attempts and results"]),
        Router("/v1", route_handlers=[*live.HANDLERS, *staff_links.HANDLERS], tags=["Exam day"]),
        Router("/v1", route_handlers=invigilation.HANDLERS, tags=["Exam day"]),
        Router("/v1", route_handlers=artwork.HANDLERS, tags=["Artwork"]),
        Router("/v1", route_handlers=certificates.HANDLERS, tags=["Certificates"]),
        Router("/v1", route_handlers=jobs.HANDLERS, tags=["Jobs"]),
        Router("/v1", route_handlers=keys.HANDLERS, tags=["Signing keys"]),
    ]
