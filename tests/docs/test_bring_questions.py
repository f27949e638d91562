"""The ten lines of docs/how-to/bring-questions.md make a bank of 500 Thai questions, and somebody passes an exam."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from exam_service.adapters.formats.native import read_bank
from exam_service.services import banks, results
from tests.support.optional import optional
from tests.support.service import TestClock, open_course, service, world

ROOT = Path(__file__).resolve().parents[2]
XCOPA = ROOT.parent / "shared" / "data" / "xcopa-th" / "test.th.jsonl"


async def test_five_hundred_questions_run_an_exam(sqlite_url: str, tmp_path: Path) -> None:
    if not XCOPA.is_file():
        optional("../shared/data/xcopa-th is not there")
    page = (ROOT / "docs" / "how-to" / "bring-questions.md").read_text("utf-8")
    script = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert script is not None
    # As on a machine that is set to another encoding.
    asked = [sys.executable, "-X", "utf8", "-c", script[1]]
    made = await asyncio.to_thread(subprocess.check_output, asked, input=XCOPA.read_bytes(), timeout=60)
    bank = read_bank(made, "xcopa-th.json")
    assert len(bank.questions) == 500
    clock = TestClock()
    strata = [{"bank": "xcopa-th", "count": 40, "objective": "effect"}]
    async with service(sqlite_url, tmp_path, clock) as ctx:
        w = await world(ctx, clock)
        async with ctx.store.begin(w.org) as tx:
            await banks.store(ctx, tx, bank, "test")
        await w.publish(open_course(sections=[{"code": "all", "title": {"th": "ทั้งหมด"}, "strata": strata}]))
        taken = await w.take("post")
        shown = await results.result(ctx, w.org, w.enrolment, taken.attempt)
        assert (shown.percent, shown.passed, shown.questions) == (100, True, 40)
