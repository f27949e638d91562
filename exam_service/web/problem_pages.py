"""What the `type` of a problem document leads to: the code's sentence and status, for people and for programs."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from exam_service.core import errors
from exam_service.core.errors import Refusal
from exam_service.core.text import Text
from exam_service.web.pages import page, wants_json
from exam_service.web.problems import HTTP_TEXTS, STATUS


class ProblemType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of problem. In `message`, `…` stands where each single problem has its own."""

    type: str
    title: str
    status: int
    code: str
    message: Text


def _general(sentence: str | None) -> str | None:
    return sentence and re.sub(r"\{[a-z_]+\}", "…", sentence)


def _known() -> Mapping[str, tuple[int, Text]]:
    """code -> status and sentence. What HTTP says comes last: its sentences need nothing filled in."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Refusal)]
    ours = {kind.code: kind.sentence for kind in kinds if kind is not Refusal}
    found = {
        code: (status, Text(th=_general(ours[code].th), en=_general(ours[code].en))) for code, status in STATUS.items()
    }
    return found | {code: (status, text) for status, (code, text) in HTTP_TEXTS.items()}


KNOWN = _known()


# Neither key nor limit: who was refused for asking too often can still read what that means.
@get("/problems/{code:str}", include_in_schema=False)
async def problem_page(code: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """The page of a code; JSON for who asks for that."""
    if code not in KNOWN:
        raise NotFoundException
    status, text = KNOWN[code]
    vary = {"Vary": "Accept, Accept-Language, Cookie"}
    if wants_json(request):
        address = f"{request.app.state.ctx.policy.public_url}/problems/{code}"
        kind = ProblemType(type=address, title=text.within("en"), status=status, code=code, message=text)
        return Response(kind, headers=vary)
    return page(request, "problem_type.html", headers=vary, code=code, message=text, http=HTTPStatus(status))
