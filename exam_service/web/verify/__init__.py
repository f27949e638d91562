"""What anybody may open: the verify pages, the verify call, and what verifiers elsewhere fetch."""

from litestar import Router

from exam_service.web.verify import api, log, pages, published, shell


def routers() -> list[Router]:
    """Every public route about certificates."""
    return [pages.router, shell.router, api.router, published.router, log.router]
