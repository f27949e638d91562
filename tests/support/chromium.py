"""The browser that the distribution ships, driven by Playwright; nothing is downloaded."""

import os
import shutil
from pathlib import Path

from tests.support.optional import optional

PATIENCE = 30_000
"""Milliseconds that a page is given before a test fails: pages ask again after pauses that grow."""

ARGUMENTS = (
    # The sandbox needs rights that containers withhold; the pages are our own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> Path:
    """Return the browser's path: EXAM_TEST_CHROMIUM, else the first one on PATH."""
    given = os.environ.get("EXAM_TEST_CHROMIUM")
    if given:
        return Path(given)
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return Path(found)
    optional("no Chromium is on PATH (Debian: apt install chromium) and EXAM_TEST_CHROMIUM is not set")
