"""The candidate's scripts, styles and templates keep the rules that the content security policy asks for."""

import re
from pathlib import Path

import pytest

from exam_service.web import texts
from exam_service.web.verify import pages, shell

WEB = Path(texts.__file__).resolve().parent
SCRIPTS = WEB / "static" / "js"
PAGES = ("home", "attempt", "result", "review")
IMPORT = re.compile(r'^(?:import|export)\b[^;]*?from "([^"]+)";', re.MULTILINE)
LATER = re.compile(r'await import\("([^"]+)"\)')


def imported_by(name: str, *, later: bool = False) -> set[str]:
    """The script with all that it imports, as paths below static/js; with what it imports `later`, when it needs it."""
    found: set[str] = set()
    waiting = [SCRIPTS / name]
    while waiting:
        file = waiting.pop()
        key = file.resolve().relative_to(SCRIPTS).as_posix()
        if key not in found:
            found.add(key)
            text = file.read_text(encoding="utf-8")
            targets = IMPORT.findall(text) + (LATER.findall(text) if later else [])
            waiting += [file.parent / target for target in targets]
    return found


def test_no_script_turns_text_into_html_or_code() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser|setHTMLUnsafe"
        r"|createContextualFragment"
    )
    found = {file.name: forbidden.findall(file.read_text(encoding="utf-8")) for file in SCRIPTS.rglob("*.js")}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_no_template_holds_a_script_or_style_of_its_own() -> None:
    own = re.compile(
        r"<script(?![^>]*(?:src=|application/json))|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
    )
    found = {file.name: own.findall(file.read_text(encoding="utf-8")) for file in (WEB / "templates").glob("*.html")}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_no_page_asks_another_host_for_anything() -> None:
    files = [*SCRIPTS.rglob("*.js"), *(WEB / "static" / "css").glob("*.css"), *(WEB / "templates").glob("*.html")]
    # Names that look like addresses: namespaces, and the host that a comment calls HOST.
    # Two files are full of terms, and fetch nothing.
    named = ("http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML", "https://HOST/")
    terms = {"quads.js", "credential.js"}
    url = re.compile(r"https?://[^\s\"'`)]+")
    found = {
        file.name: [one for one in url.findall(file.read_text("utf-8")) if not one.startswith(named)]
        for file in files
        if file.name not in terms
    }
    assert [file.name for file in files if file.name in terms and "fetch(" in file.read_text("utf-8")] == []
    assert {name: urls for name, urls in found.items() if urls} == {}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fetches_all_its_modules_at_once(page: str) -> None:
    template = (WEB / "templates" / f"{page}.html").read_text(encoding="utf-8")
    (listed,) = re.findall(r"set modules = \[(.*?)\]", template, re.DOTALL)
    assert set(re.findall(r'"([^"]+)"', listed)) == imported_by(f"{page}.js")


def test_the_verify_pages_fetch_all_their_modules_at_once() -> None:
    # The first fetches later what only some certificates need; the second is kept for use without network, and has all.
    assert {"verify.js", *pages.MODULES} == imported_by("verify.js")
    assert set(shell.MODULES) == imported_by("verify/shell.js", later=True)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_stays_small(page: str) -> None:
    # The attempt's page works without network, which costs a third more (docs/performance.md).
    most = 132_000 if page == "attempt" else 80_000
    assert sum((SCRIPTS / name).stat().st_size for name in imported_by(f"{page}.js")) < most


def test_every_module_is_used_by_some_page() -> None:
    roots = (*PAGES, "verify", "verify/shell")
    used = set().union(*(imported_by(f"{page}.js", later=True) for page in roots))
    templates = "".join(file.read_text(encoding="utf-8") for file in (WEB / "templates").glob("*.html"))
    alone = {file.relative_to(SCRIPTS).as_posix() for file in SCRIPTS.rglob("*.js")} - used
    assert {name for name in alone if f"/static/js/{name}" not in templates} == set()


def test_no_file_is_longer_than_a_reader_s_patience() -> None:
    files = [*SCRIPTS.rglob("*.js"), *(WEB / "static" / "css").glob("*.css"), *(WEB / "templates").glob("*.html")]
    assert {file.name for file in files if file.read_text(encoding="utf-8").count("\n") > 400} == set()
