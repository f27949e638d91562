"""What every page must give people who do not see it, point at it, or tell its colours apart.

It is checked on the page as it stands: names, headings, references, sizes of targets, contrast, width.
"""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

CHECK = (Path(__file__).resolve().parent / "scripts" / "accessibility.js").read_text(encoding="utf-8")


async def faults_of(page: Page) -> list[str]:
    """Every fault on the page as it stands, each as a sentence."""
    found: Any = await page.evaluate(CHECK)
    return list(found)
