"""Text files that people save: in UTF-8, or refused with what they seem to be."""

from exam_service.core.errors import Fault, Invalid
from exam_service.core.text import Text


def decoded(content: bytes, advice: Text) -> str:
    """The text. Raises Invalid with the line, a guess and the advice when it is not UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused("UTF-16", 1, advice)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(_guess(content), content.count(b"\n", 0, error.start) + 1, advice) from error


def _guess(content: bytes) -> str:
    """Name the encoding that it probably is, so that the message says what to change."""
    try:
        text = content.decode("cp874")
    except UnicodeDecodeError:
        return "unknown"
    thai = sum("\u0e01" <= letter <= "\u0e5b" for letter in text)
    return "windows-874 (TIS-620)" if thai else "unknown"


def _refused(found: str, line: int, advice: Text) -> Invalid:
    seems = "" if found == "unknown" else f", it seems to be {found}"
    seems_th = "" if found == "unknown" else f" ดูเหมือนเป็น {found}"
    message = Text(en=f"the file is not UTF-8{seems}; {advice.en}", th=f"ไฟล์นี้ไม่ใช่ UTF-8{seems_th} {advice.th}")
    return Invalid(count=1, faults=[Fault(code="not-utf-8", line=line, message=message)])
