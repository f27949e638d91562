"""The verify page that needs no service: what opens behind a QR code without network, and what is exported for ever."""

from functools import lru_cache
from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath

from exam_service.core.certificates.words import FAILED, HEADLINES, PASSED
from exam_service.web.given import Ctx
from exam_service.web.kept_page import ASK_ANEW, KeptPage, Place, kept_page, sent
from exam_service.web.pages import language_of, rendered, shown
from exam_service.web.security import PAGE_POLICY
from exam_service.web.texts import Words

PLACE = Place(name="verify-page", path="/v/kept/", pages=r"^/v/([A-Za-z2-7]{16}/?)?$")
CHECKING = ("bytes", "cbor", "check", "credential", "judge", "quads", "token", "trust")
"""The modules that check a QR text in the browser."""
MODULES = [
    *("dom.js", "drop.js", "icons.js", "offline.js", "texts.js", "time.js"),
    *(f"verify/{name}.js" for name in (*CHECKING, "files", "log", "shell", "show")),
]
"""All that the page's scripts import: kept with it, also what only some certificates need."""

_POLICY = "; ".join(part for part in PAGE_POLICY.split("; ") if not part.startswith("frame-ancestors"))
"""The page carries its own policy, for servers that send none; about frames only a header may speak."""

Plain = Request[Any, Any, Any]


@lru_cache(maxsize=4)
def page_of(public_url: str) -> KeptPage:
    """The page of the service at that public address."""
    return kept_page(PLACE, _html(public_url, "th"))


def _html(public_url: str, language: str) -> str:
    words = Words(language)
    steps = {f"step.{code}": text for code, text in (PASSED | FAILED).items()}
    headlines = {f"headline.{code}": text for code, text in HEADLINES.items()}
    texts = words.json("common", "verify", more=steps | headlines)
    return rendered("verify_shell.html", language, public_url=public_url, texts=texts, modules=MODULES, policy=_POLICY)


@get("/v", include_in_schema=False)
async def shell(request: Plain, ctx: Ctx) -> Response[Any]:
    """The page, for who wants to check something without sending it."""
    reads = language_of(request)
    public_url = ctx.policy.public_url
    return shown(request, page_of(public_url).addressed(_html(public_url, reads)), reads)


@get("/v/worker.js", include_in_schema=False)
async def worker(ctx: Ctx) -> Response[bytes]:
    """The service worker that opens the page without network."""
    return Response(page_of(ctx.policy.public_url).worker, media_type="text/javascript", headers=ASK_ANEW)


@get(PLACE.path + "{version:str}/{file:path}", include_in_schema=False)
async def kept(request: Plain, ctx: Ctx, version: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    """A file of the page under the version that the page named."""
    return sent(request, page_of(ctx.policy.public_url), version, file)


router = Router("/", route_handlers=[shell, worker, kept])
