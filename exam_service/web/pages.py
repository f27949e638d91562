"""Pages for people: the templates, the language a reader wants, and whether a page is wanted at all."""

from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response

from exam_service.core.text import date, date_time
from exam_service.web.encodings import LONGEST_REMEMBERED
from exam_service.web.texts import LANGUAGES, Words

_FOLDER = Path(__file__).resolve().parent / "templates"
_YEAR = 365 * 24 * 3600

H = TypeVar("H", str, bytes)

_environment = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_environment.filters["date"] = date
_environment.filters["date_time"] = date_time


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether a person's browser asks for one of the pages; programs get JSON."""
    accepts = request.headers.get("accept", "")
    return "text/html" in accepts and "/v1/" not in request.url.path


def wants_json(request: Request[Any, Any, Any]) -> bool:
    """Whether a program asks for data where otherwise a page is shown."""
    accepts = request.headers.get("accept", "")
    return "json" in accepts and "text/html" not in accepts


def language_of(request: Request[Any, Any, Any], default: str | None = None) -> str:
    """`?lang=`, else the cookie, else what the launch said, else the browser's first of ours, else Thai."""
    for choice in (request.query_params.get("lang"), request.cookies.get("exam_lang"), default):
        if choice in LANGUAGES:
            return choice
    return first_of_ours(request.headers.get("accept-language", ""))


def first_of_ours(accepted: str) -> str:
    """The first language of an Accept-Language header that there is here; Thai when there is none."""
    return _first_of_ours(accepted[:LONGEST_REMEMBERED])


@lru_cache(maxsize=256)
def _first_of_ours(accepted: str) -> str:
    for part in accepted.split(","):
        code = part.partition(";")[0].strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return "th"


def rendered(template: str, language: str, *, status: int = 200, **values: Any) -> str:
    """A template in a language."""
    return _environment.get_template(template).render(words=Words(language), status=status, **values)


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    language: str | None = None,
    **values: Any,
) -> Response[str]:
    """A template in the reader's language; a language chosen by `?lang=` is remembered."""
    reads = language_of(request, language)
    return shown(request, rendered(template, reads, status=status, **values), reads, status=status, headers=headers)


def shown(
    request: Request[Any, Any, Any],
    html: H,
    reads: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[H]:
    """A page that is rendered already, in the language that the reader reads."""
    response = Response(
        html,
        status_code=status,
        media_type=MediaType.HTML,
        headers={"Vary": "Accept-Language, Cookie", **(headers or {})},
    )
    if request.query_params.get("lang") == reads:
        response.set_cookie("exam_lang", reads, max_age=_YEAR, path="/", samesite="lax")
    return response
