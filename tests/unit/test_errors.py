"""The refusals, and that whoever raises one gives what its sentence needs."""

import ast
import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exam_service.core import errors
from exam_service.core.errors import Fault, Refusal
from exam_service.core.text import Text

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
OPTIONAL = {"count"}
"""Counted from the faults when it is not given."""


def refusals() -> list[type[Refusal]]:
    """All of them live in one module; what other tests derive is theirs."""
    mine = (kind for kind in Refusal.__subclasses__() if kind.__module__.startswith(f"{errors.__name__}."))
    return sorted(mine, key=lambda kind: kind.__name__)


def places(text: str | None) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text or "") if name is not None}


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in refusals()]
    assert len(codes) == len(set(codes)) >= 30


@pytest.mark.parametrize("kind", refusals(), ids=lambda kind: kind.__name__)
class TestEach:
    def test_has_a_code_of_its_own_in_kebab_case(self, kind: type[Refusal]) -> None:
        assert "code" in kind.__dict__
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)

    def test_has_the_same_places_in_both_languages(self, kind: type[Refusal]) -> None:
        assert places(kind.sentence.th) == places(kind.sentence.en)
        assert all(re.fullmatch(r"[a-z_]+", name) for name in places(kind.sentence.en))

    def test_is_thai_in_thai_and_english_in_english(self, kind: type[Refusal]) -> None:
        thai, english = kind.sentence.th, kind.sentence.en
        assert thai
        assert english
        assert len(re.findall("[ก-๙]", thai)) >= 5
        assert not re.search("[ก-๙]", english)
        assert english[0].isupper() or english[0] == "“"
        assert english.endswith(".") or re.search(r": \{\w+\}$", english)

    def test_reads_well_whatever_it_is_filled_with(self, kind: type[Refusal]) -> None:
        """A title with braces in it is a title."""
        facts: dict[str, object] = dict.fromkeys(places(kind.sentence.en), Text(en="{x} {0} }{", th="{ก}"))
        retry_at = NOW if facts.pop("retry_at", None) else None
        refusal = kind(retry_at=retry_at, faults=(), data=None, **facts)
        assert refusal.text.th
        assert refusal.text.en
        if facts:
            assert "{x} {0} }{" in refusal.text.en
            assert "{ก}" in refusal.text.th
        assert "None" not in refusal.text.en
        assert str(refusal) == f"{kind.code}: {refusal.text.en}"


def test_the_faults_are_counted() -> None:
    fault = Fault(code="x", message=Text(en="wrong"))
    refusal = errors.Invalid(faults=[fault, fault])
    assert refusal.text.en == "What was sent has 2 fault(s); nothing was changed."
    assert refusal.faults == (fault, fault)


def test_waiting_is_told_in_the_readers_own_form() -> None:
    refusal = errors.CoolingDown(exam=Text(th="แบบทดสอบหลังพัฒนา", en="Post-test"), retry_at=NOW)
    assert refusal.retry_at == NOW
    assert refusal.text.th == "ทำ “แบบทดสอบหลังพัฒนา” ใหม่ได้ตั้งแต่วันที่ 22 พฤศจิกายน 2569 เวลา 09:00 น."
    assert refusal.text.en == "You can try “Post-test” again from 22 November 2026 at 09:00."


def raised() -> list[tuple[str, str, set[str]]]:
    """(where, class, keywords) of every refusal built anywhere in the package; `**facts` are taken on trust."""
    package = Path(errors.__file__).parent.parent.parent
    kinds = {kind.__name__ for kind in refusals()}
    found = []
    for file in sorted(package.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        called = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = _name(node.func)
                called.add(id(node.func))
                if name in kinds and all(k.arg is not None for k in node.keywords):
                    found.append((f"{file.name}:{node.lineno}", name, {str(k.arg) for k in node.keywords}))
            elif isinstance(node, ast.Raise) and node.exc is not None and _name(node.exc) in kinds:
                found.append((f"{file.name}:{node.lineno}", _name(node.exc), set()))
    return found


def _name(node: ast.expr) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id="errors"), attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def test_whoever_refuses_gives_what_the_sentence_needs() -> None:
    calls = raised()
    assert len(calls) > 20
    for where, name, given in calls:
        needed = places(getattr(errors, name).sentence.en) - OPTIONAL
        assert needed <= given, f"{where}: {name} needs {sorted(needed - given)}"
