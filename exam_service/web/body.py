"""Request bodies: read into Structs with every fault reported, and the digest under which a write may be repeated."""

import hashlib
from typing import Any, TypeVar

import msgspec
from litestar import Request

from exam_service.core.documents import read
from exam_service.core.errors import Fault, Invalid
from exam_service.core.text import Text
from exam_service.services.once import RepeatKey

T = TypeVar("T")

_LONGEST_KEY = 255


async def read_body(request: Request[Any, Any, Any], kind: type[T]) -> T:
    """The JSON body as `kind`. Raises Invalid with every fault and its path."""
    content = await request.body()
    try:
        raw = msgspec.json.decode(content or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid("not-json", f"the body is not JSON: {error}", f"เนื้อหาไม่ใช่ JSON: {error}") from error
    value, faults = read(raw, kind)
    if value is None:
        raise Invalid(count=len(faults), faults=faults)
    return value


async def repeat_key(request: Request[Any, Any, Any]) -> RepeatKey | None:
    """The Idempotency-Key with the digest of what is asked. Raises Invalid when it is empty or longer than 255 characters."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST_KEY:
        raise invalid(
            "bad-idempotency-key",
            "Idempotency-Key must have 1 to 255 characters",
            "Idempotency-Key ต้องยาว 1 ถึง 255 อักขระ",
        )
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    return RepeatKey(key=key, request_digest=digest.digest())


def invalid(code: str, en: str, th: str, path: str = "") -> Invalid:
    """One fault of the request itself."""
    return Invalid(count=1, faults=[Fault(code=code, path=path, message=Text(en=en, th=th))])
