"""Request bodies: read into Structs with every fault reported, and the digest under which a write may be repeated."""

import hashlib
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.exceptions import ClientException

from exam_service.core.documents import read
from exam_service.core.errors import Fault, Invalid, NotFound
from exam_service.core.text import Text
from exam_service.services.once import RepeatKey, key_of_client

T = TypeVar("T")

_LONGEST_KEY = 255


async def read_body(request: Request[Any, Any, Any], kind: type[T]) -> T:
    """The JSON body as `kind`. Raises Invalid with every fault and its path."""
    return parse(await request.body(), kind)


def parse(content: bytes, kind: type[T]) -> T:
    """The same of a body that is there already."""
    try:
        raw = msgspec.json.decode(content or b"{}")
        holds_nul = b"\\u0000" in content and _holds_nul(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid("not-json", f"the body is not JSON: {error}", f"เนื้อหาไม่ใช่ JSON: {error}") from error
    except RecursionError as error:
        raise too_deep() from error
    if holds_nul:
        raise invalid("nul-character", "a text of the body holds the character U+0000", "มีข้อความที่มีอักขระ U+0000")
    value, faults = read(raw, kind)
    if value is None:
        raise Invalid(count=len(faults), faults=faults)
    return value


async def form_of(request: Request[Any, Any, Any]) -> FormMultiDict:
    """What a page's form sent. Raises Invalid for a field whose text is not in the encoding that it says."""
    try:
        return await request.form()
    except (UnicodeError, LookupError) as error:
        raise invalid(
            "not-utf-8", f"a field of the form is no text: {error}", f"ช่องในแบบฟอร์มไม่ใช่ข้อความ: {error}"
        ) from error


async def refuse_nul(request: Request[Any, Any, Any]) -> None:
    """PostgreSQL knows no text with U+0000, so nothing stored can be meant. Raises NotFound, or a 400 for a query."""
    if "\x00" in request.scope["path"]:
        raise NotFound(what="address", id=request.scope["path"])
    if b"%00" in request.scope["query_string"]:
        raise ClientException("the query holds the character U+0000")


async def repeat_key_of_caller(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Any],  # noqa: ARG001 - so that nothing is read of a body before it is known who sends it.
) -> RepeatKey | None:
    """As `repeat_key`, for who comes with an API key."""
    return await repeat_key(request)


async def repeat_key(request: Request[Any, Any, Any]) -> RepeatKey | None:
    """The Idempotency-Key with the digest of what is asked. Raises Invalid when it has not 1 to 255 characters."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST_KEY:
        raise invalid(
            "bad-idempotency-key",
            "Idempotency-Key must have 1 to 255 characters",
            "Idempotency-Key ต้องยาว 1 ถึง 255 อักขระ",
        )
    # With who asks: an answer may hold a secret that is shown once, and only to the key that asked for it.
    who = request.headers.get("authorization", "")
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n{who}\n".encode())
    digest.update(await request.body())
    return RepeatKey(key=key_of_client(key), request_digest=digest.digest())


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\x00" in value
        case dict():
            return any(_holds_nul(key) or _holds_nul(one) for key, one in value.items())
        case list():
            return any(map(_holds_nul, value))
        case _:
            return False


def too_deep() -> Invalid:
    """Of a body that nothing of ours looks like; msgspec says it as RecursionError."""
    return invalid("too-deep", "the body is nested too deeply", "เนื้อหาซ้อนกันลึกเกินไป")


def invalid(code: str, en: str, th: str, path: str = "") -> Invalid:
    """One fault of the request itself."""
    return Invalid(count=1, faults=[Fault(code=code, path=path, message=Text(en=en, th=th))])
