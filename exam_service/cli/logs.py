"""The log on standard error: lines for people, or one JSON object a line for collectors; no personal data."""

import logging
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from exam_service.settings import Settings

# PostgreSQL tells there of which row it speaks, with its values.
_DETAIL = re.compile(
    r"(?<=DETAIL:).*?"
    r"(?=\Z|\n[\s|+]*(?:HINT:|CONTEXT:|\[SQL|\(Background|\s*File |\s*\| |The above |During |Traceback ))",
    re.DOTALL,
)


class Lines(logging.Formatter):
    """Lines for people, with traces that name nobody."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return _DETAIL.sub(" left out", super().formatException(ei))


class JsonLines(Lines):
    """One object a line: when, how bad, where from, what; facts by name, and a trace, when there are some."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": getattr(record, "told", None) or record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def configure(settings: Settings) -> None:
    """Send everything from the level on to standard error, in the format chosen.

    Libraries are heard from `info` on only: some of them write each statement with its values when they are let (P14).
    """
    handler = logging.StreamHandler()
    text = Lines("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if settings.log_format == "json" else text)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.basicConfig(level=max(level, logging.INFO), handlers=[handler], force=True)
    logging.getLogger("exam_service").setLevel(level)
