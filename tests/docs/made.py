"""The parts of the documentation that are made from the code: between `<!-- made: NAME -->` and `<!-- end -->`.

`make docs` writes them anew; a test compares. What a person wrote in the last column of a made table is kept.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click

from exam_service import bootstrap, settings
from exam_service.adapters.crypto.signers import HsmUnusable
from exam_service.adapters.metrics.catalogue import METRICS
from exam_service.adapters.printing.pades import PadesUnusable
from exam_service.adapters.storage import backup
from exam_service.adapters.storage.migrate import SchemaTooNew
from exam_service.cli import serve
from exam_service.cli.main import cli
from exam_service.core import errors
from exam_service.core.errors import Refusal
from exam_service.services.context import Context
from exam_service.web.app import create_app
from exam_service.web.openapi import document
from exam_service.web.problems import HTTP_TEXTS, STATUS

TOP = Path(__file__).resolve().parents[2]
DOCS = TOP / "docs"

_PART = re.compile(r"(<!-- made: ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

_COMMAND_LINE = (
    settings.BadSettings, bootstrap.MasterKeyMissing, bootstrap.WrongMasterKey, bootstrap.OtherMasterKey,
    HsmUnusable, PadesUnusable, bootstrap.NotSqlite, serve.PortTaken, SchemaTooNew, backup.AlreadyThere,
    backup.LiveFile, backup.ServiceRuns, backup.BackupUnfit,
)  # fmt: skip
"""Refusals that only an operator meets: no request is answered with them."""


def refusals() -> list[type[Refusal]]:
    """Every refusal that a request may be answered with, in the order of core/errors/."""
    places = (errors.requests, errors.attempts, errors.certificates)
    named = [kind for place in places for kind in vars(place).values() if isinstance(kind, type)]
    return [kind for kind in named if issubclass(kind, Refusal) and kind is not Refusal]


_MAKE_A_FAULT = {"Fault", "_fault", "fault", "broken", "Problem", "_whole", "invalid"}
_OF_BANKS = ("core/documents.py", "core/banks/", "adapters/formats/native.py", "adapters/formats/located")
_ELSEWHERE = (
    "core/exams/", "core/documents.py", "core/certificates/trust.py", "core/certificates/vc_", "services/",
    "web/", "settings.py", "adapters/formats/roster.py", "adapters/storage/", "adapters/crypto/",
    "adapters/printing/",
)  # fmt: skip


def fault_codes(places: tuple[str, ...]) -> list[str]:
    """Every code of a fault that these sources name, in order of the alphabet."""
    package = TOP / "exam_service"
    sources = [path for path in package.rglob("*.py") if str(path.relative_to(package)).startswith(places)]
    return sorted({code for path in sources for code in _codes(ast.parse(path.read_text(encoding="utf-8")))})


def _codes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name_of(node.func) in _MAKE_A_FAULT:
            named = next((keyword.value for keyword in node.keywords if keyword.arg == "code"), None)
            first = named or next(iter(node.args), None)
            for one in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                if isinstance(one, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", str(one.value)):
                    yield str(one.value)


def _name_of(function: ast.expr) -> str | None:
    """`Fault`, whether it is written so or as `errors.Fault`."""
    match function:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case _:
            return None


def openapi() -> dict[str, Any]:
    """The description of the API, for which nothing needs to be open."""
    return document(create_app(cast(Context, None)), "https://HOST")


def with_made_parts(text: str) -> str:
    """The page with its made parts as the code has them now."""

    def again(match: re.Match[str]) -> str:
        return match[1] + "\n" + MAKERS[match[2]](match[3]) + "\n" + match[4]

    return _PART.sub(again, text)


def write() -> list[Path]:
    """Write every page whose made parts differ; which ones those were."""
    changed = []
    for page in sorted(DOCS.rglob("*.md")):
        before = page.read_text(encoding="utf-8")
        after = with_made_parts(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            changed.append(page)
    return changed


def _errors(before: str) -> str:
    rows = [(kind.code, str(STATUS[kind.code]), _sentences(kind.sentence.en, kind.sentence.th)) for kind in refusals()]
    return _table(("code", "status", "says", "when, and what to do"), rows, before)


def _http_errors(before: str) -> str:
    refused = {kind.code for kind in refusals()}
    rows = [
        (code, str(status), _sentences(text.en, text.th))
        for status, (code, text) in sorted(HTTP_TEXTS.items())
        if code not in refused
    ]
    return _table(("code", "status", "says", "when, and what to do"), rows, before)


def _metrics(before: str) -> str:
    rows = [
        (f"`{metric.exposed}`", metric.kind, ", ".join(f"`{label}`" for label in metric.labels) or "–", metric.doc)
        for metric in METRICS
    ]
    lines = [" | ".join(row) for row in rows]
    return "| metric | kind | by | what |\n|---|---|---|---|\n" + "".join(f"| {line} |\n" for line in lines)


def _operator_errors(before: str) -> str:
    rows = [(kind.code, _sentences(kind.sentence.en, kind.sentence.th)) for kind in _COMMAND_LINE]
    return _table(("code", "says", "when, and what to do"), rows, before)


def _bank_faults(before: str) -> str:
    return _table(("code", "what is wrong"), [(code,) for code in fault_codes(_OF_BANKS)], before)


def _faults(before: str) -> str:
    return _table(("code", "what is wrong"), [(code,) for code in fault_codes(_ELSEWHERE)], before)


def _endpoints(before: str) -> str:
    found = openapi()
    tags: dict[str, list[str]] = {}
    for path, method, operation in operations(found):
        asks = re.search(r"Scope: `([a-z]+)`", operation["description"])
        security = {name for one in operation["security"] for name in one}
        needs = f"`{asks[1]}`" if asks else "any key" if "apiKey" in security else "session" if security else "–"
        line = f"| `{method.upper()}` | `{path}` | {needs} | {operation['summary']} |"
        tags.setdefault(operation["tags"][0] if operation["tags"] else "Other", []).append(line)
    head = "| method | path | needs | what it does |\n|---|---|---|---|\n"
    return "\n\n".join(f"### {tag}\n\n{head}" + "\n".join(lines) for tag, lines in tags.items()) + "\n"


def operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation), in the order of the description."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _commands(before: str) -> str:
    return "\n".join(f"### {name}\n\n```text\n{text}\n```\n" for name, text in helps())


def helps() -> Iterator[tuple[str, str]]:
    """Every command with what its `--help` prints."""
    yield from _helps(cli, None, "exam-service")


def _helps(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    # The width is fixed, or the text would depend on the terminal.
    ctx = click.Context(command, info_name=name, parent=parent, terminal_width=100, **_names(command))
    yield ctx.command_path, command.get_help(ctx)
    if isinstance(command, click.Group):
        for sub in command.list_commands(ctx):
            found = command.get_command(ctx, sub)
            if found is not None:
                yield from _helps(found, ctx, sub)


def _names(command: click.Command) -> dict[str, Any]:
    return {"help_option_names": command.context_settings.get("help_option_names")}


def _sentences(en: str | None, th: str | None) -> str:
    return f"{_cell(en)}<br>{_cell(th)}"


def _cell(text: str | None) -> str:
    return (text or "").strip().replace("\n", " ").replace("|", "\\|")


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], before: str) -> str:
    """A table whose last column is a person's: what stands there for a code is kept."""
    written = dict(re.findall(r"^\| `([a-z0-9-]+)` \|(?:.*\|)? ([^|]*) \|$", before, re.MULTILINE))
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    lines = [f"| {' | '.join([f'`{code}`', *more, written.get(code, '').strip()])} |" for code, *more in rows]
    return head + "\n".join(lines) + "\n"


MAKERS: Mapping[str, Callable[[str], str]] = {
    "errors": _errors,
    "http-errors": _http_errors,
    "operator-errors": _operator_errors,
    "metrics": _metrics,
    "bank-faults": _bank_faults,
    "faults": _faults,
    "endpoints": _endpoints,
    "commands": _commands,
}
