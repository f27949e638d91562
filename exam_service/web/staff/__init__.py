"""The pages of programme staff: watch an exam while it runs, and help."""

from litestar import Router

from exam_service.web.staff import actions, pages


def router() -> Router:
    """Every route below /staff."""
    return Router("/", route_handlers=[*pages.HANDLERS, *actions.HANDLERS])
