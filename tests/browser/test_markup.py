"""Texts of the bank on the page: the small Markdown and its formulas, and nothing else."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

RENDER = (Path(__file__).resolve().parent / "scripts" / "render.js").read_text(encoding="utf-8")
ALLOWED = {
    "p",
    "br",
    "ul",
    "ol",
    "li",
    "strong",
    "em",
    "code",
    "math",
    "mrow",
    "mi",
    "mn",
    "mo",
    "mtext",
    "mfrac",
    "msqrt",
    "mroot",
    "msub",
    "msup",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mspace",
}


async def render(page: Page, sources: Iterable[str]) -> dict[str, Any]:
    """What each source becomes, all on one page."""
    return {source: await page.evaluate(RENDER, source) for source in sources}


async def test_the_small_markdown(module_page: Page) -> None:
    wanted = {
        "one\ntwo\n\nthree": "<p>one<br>two</p><p>three</p>",
        "**แน่น** และ *เอียง* และ `a*b*c`": "<p><strong>แน่น</strong> และ <em>เอียง</em> และ <code>a*b*c</code></p>",
        "**a *b* c**": "<p><strong>a <em>b</em> c</strong></p>",
        "2 * 3 * 4 = 24": "<p>2 * 3 * 4 = 24</p>",
        "\\*not\\* \\$5\\$": "<p>*not* $5$</p>",
        "ราคา $5 และ $10": "<p>ราคา $5 และ $10</p>",
        "`=B2*$D$1` กับ `$A$2`": "<p><code>=B2*$D$1</code> กับ <code>$A$2</code></p>",
        "- a\n- b\n\n3. c\n4. d": '<ul><li>a</li><li>b</li></ul><ol start="3"><li>c</li><li>d</li></ol>',
        "ก่อน\n- a\n  ต่อ\nหลัง": "<p>ก่อน</p><ul><li>a ต่อ หลัง</li></ul>",
        "ไม่ปิด **นะ และ $x และ `y": "<p>ไม่ปิด **นะ และ $x และ `y</p>",
    }
    seen = await render(module_page, wanted)
    assert {source: seen[source]["html"] for source in wanted} == wanted


async def test_formulas_become_mathml(module_page: Page) -> None:
    wanted = {
        "x": "<mi>x</mi>",
        r"\frac{1}{2}": "<mfrac><mn>1</mn><mn>2</mn></mfrac>",
        r"\frac12": "<mfrac><mn>1</mn><mn>2</mn></mfrac>",
        "r_{tt}": "<msub><mi>r</mi><mrow><mi>t</mi><mi>t</mi></mrow></msub>",
        "x_1^2": "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>",
        r"\sqrt{1 - r}": "<msqrt><mrow><mn>1</mn><mo>−</mo><mi>r</mi></mrow></msqrt>",
        r"\sqrt[3]{8}": "<mroot><mn>8</mn><mn>3</mn></mroot>",
        r"\bar{x}": '<mover accent="true"><mi>x</mi><mo>¯</mo></mover>',
        r"\sum_{i=1}^n": "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>",
        r"\alpha \times 10 \le \sigma": "<mi>α</mi><mo>×</mo><mn>10</mn><mo>≤</mo><mi>σ</mi>",
        r"\text{ค่าเฉลี่ย} = 0.5": "<mtext>ค่าเฉลี่ย</mtext><mo>=</mo><mn>0.5</mn>",
        "คะแนน + 1": "<mtext>คะแนน</mtext><mo>+</mo><mn>1</mn>",
        r"a\%": "<mi>a</mi><mo>%</mo>",
        r"\unknown{x}": "<mtext>\\unknown</mtext><mi>x</mi>",
    }
    seen = await render(module_page, [f"${source}$" for source in wanted])
    inner = {source: re.sub(r"^<p><math[^>]*>|</math></p>$", "", seen[f"${source}$"]["html"]) for source in wanted}
    assert inner == wanted


async def test_a_formula_that_cannot_be_read_is_shown_as_written(module_page: Page) -> None:
    sources = [f"${one}$" for one in (r"\frac{1}", "{x", "x}", r"\sqrt", r"\text{a", "{" * 60 + "x" + "}" * 60)]
    seen = await render(module_page, sources)
    assert {source: (seen[source]["text"], seen[source]["tags"]) for source in sources} == {
        source: (source, ["p"]) for source in sources
    }


async def test_html_is_shown_and_never_made(module_page: Page) -> None:
    hostile = [
        "<img src=x onerror=window.hurt=1>",
        "<script>window.hurt=1</script>",
        "<svg onload=window.hurt=1>",
        "[a](javascript:window.hurt=1)",
        "**<u>a</u>** `<i>` *<a href=//x>*",
        "<iframe srcdoc='<script>parent.hurt=1</script>'>",
        "&lt;b&gt; &#60;b&#62;",
        "{{constructor.constructor('window.hurt=1')()}}",
    ]
    in_math = [
        r"$\text{<b>x</b>}$",
        r"$\href{javascript:window.hurt=1}{x}$",
        "$<mtext><img src=x onerror=window.hurt=1>$",
    ]
    seen = await render(module_page, hostile + in_math)
    await module_page.wait_for_timeout(100)
    assert {tag for one in seen.values() for tag in one["tags"]} <= ALLOWED
    assert await module_page.evaluate("window.hurt ?? null") is None
    assert {source: seen[source]["text"] for source in hostile} == {
        source: re.sub("[*`]", "", source) for source in hostile
    }
    assert seen[in_math[0]]["text"] == "<b>x</b>"
