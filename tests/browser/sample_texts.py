"""How the samples of the fake service are written."""

from typing import Any


def text(th: str, en: str | None = None) -> dict[str, str]:
    return {"th": th} if en is None else {"th": th, "en": en}


def choices(*texts: dict[str, str]) -> list[dict[str, Any]]:
    return [{"id": f"c{n}", "text": one} for n, one in enumerate(texts, 1)]


def item(n: int, kind: str, stem: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"item": f"i{n}", "type": kind, "stem": stem, **more}
