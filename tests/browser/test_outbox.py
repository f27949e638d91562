"""The save queue alone, with a clock, dice and service of the test's own."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

HARNESS = (Path(__file__).resolve().parent / "scripts" / "outbox_harness.js").read_text(encoding="utf-8")


async def run(page: Page, script: str, draft: dict[str, Any] | None = None) -> Any:
    return await page.evaluate(HARNESS, {"script": script, "draft": draft or {}})


async def test_changes_within_a_pause_go_as_one_batch_of_the_latest_values(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      outbox.put("i1", "c1"); await world.advance(500); outbox.put("i1", "c2"); outbox.put("i2", true);
      await world.advance(799); const before = world.sent.length; await world.advance(1); return before;
    """,
    )
    assert seen["extra"] == 0
    assert seen["sent"] == [{"epoch": 1, "seq": 1, "responses": {"i1": "c2", "i2": True}}]
    assert seen["state"]["phase"] == "saved"


async def test_somebody_who_never_stops_typing_is_saved_all_the_same(module_page: Page) -> None:
    seen = await run(
        module_page,
        'for (let n = 0; n < 50; n += 1) { outbox.put("i1", "x".repeat(n + 1)); await world.advance(100); }',
    )
    assert len(seen["sent"]) >= 1


async def test_one_save_is_under_way_at_a_time_and_newer_changes_wait_for_its_end(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = ["hang"]; outbox.put("i1", "c1"); await world.advance(800);
      outbox.put("i1", "c2"); outbox.put("i2", "c1"); await world.advance(5000); const during = world.sent.length;
      world.open[0].resolve(); await world.settle(); await world.advance(800); return during;
    """,
    )
    assert seen["extra"] == 1
    assert [(one["seq"], one["responses"]) for one in seen["sent"]] == [
        (1, {"i1": "c1"}),
        (2, {"i1": "c2", "i2": "c1"}),
    ]


async def test_a_save_without_an_answer_is_sent_again_byte_for_byte_before_anything_newer(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = ["lost", [502, ""]]; outbox.put("i1", "c1"); await world.advance(800);
      outbox.put("i1", "c3"); await world.advance(60000);
    """,
    )
    first, second, third, fourth = seen["bodies"]
    assert first == second == third
    assert json.loads(fourth) == {"epoch": 1, "seq": 2, "responses": {"i1": "c3"}}
    assert seen["state"]["unsaved"] == 0


async def test_saved_is_never_said_while_an_answer_is_not_acknowledged(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = ["ok", "lost", "lost", "ok"];
      outbox.put("i1", "c1"); await world.advance(900); outbox.put("i2", "c1"); await world.advance(60000);
    """,
    )
    assert {one["phase"] for one in seen["said"]} >= {"saving", "saved", "trouble"}
    assert all(one["unsaved"] == 0 for one in seen["said"] if one["phase"] == "saved")
    assert not any(
        one["phase"] == "saved"
        for one in seen["said"][: next(n for n, one in enumerate(seen["said"]) if one["acknowledged"])]
    )


async def test_waiting_grows_from_try_to_try_up_to_half_a_minute(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = Array(12).fill("lost"); outbox.put("i1", "c1"); await world.advance(800);
      const waits = [];
      for (let n = 0; n < 8; n += 1) { waits.push(world.waits()[0]); await world.advance(waits.at(-1)); }
      return waits;
    """,
    )
    assert seen["extra"] == [750, 1500, 3000, 6000, 12000, 22500, 22500, 22500]


async def test_a_service_that_names_a_moment_is_not_asked_before_it(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = [[429, "too-many-requests", { retryAt: new Date(1000000 + 800 + 9000).toISOString() }]];
      outbox.put("i1", "c1"); await world.advance(800); return world.waits()[0];
    """,
    )
    assert seen["extra"] == 9000


async def test_one_refused_answer_does_not_hold_up_the_others(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = [[422, "invalid-input", { faults: [{ path: "responses.i2" }] }]];
      outbox.put("i1", "c1"); outbox.put("i2", "nonsense"); outbox.put("i3", true); await world.advance(2000);
    """,
    )
    assert seen["sent"][1] == {"epoch": 1, "seq": 1, "responses": {"i1": "c1", "i3": True}}
    assert (seen["state"]["phase"], seen["state"]["unsaved"], seen["state"]["rejected"]) == ("trouble", 1, ["i2"])
    assert seen["kept"][-1]["changed"] == {"i2": "nonsense"}


async def test_a_refused_answer_that_is_changed_is_sent_again(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = [[422, "invalid-input", { faults: [{ path: "responses.i2" }] }]];
      outbox.put("i2", "nonsense"); await world.advance(2000); outbox.put("i2", "12"); await world.advance(2000);
    """,
    )
    assert seen["sent"][-1]["responses"] == {"i2": "12"}
    assert seen["state"]["phase"] == "saved"


async def test_moved_to_another_device_stops_sending_and_keeps_what_waits(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = [[409, "moved-to-other-device"]]; outbox.put("i1", "c1"); await world.advance(800);
      outbox.put("i2", "c2"); await world.advance(60000);
    """,
    )
    assert len(seen["sent"]) == 1
    assert (seen["state"]["phase"], seen["state"]["reason"], seen["state"]["unsaved"]) == ("stopped", "moved", 2)
    assert json.loads(seen["kept"][-1]["flight"]["body"])["responses"] == {"i1": "c1"}
    assert seen["kept"][-1]["changed"] == {"i2": "c2"}


async def test_going_on_after_a_reload_sends_the_same_save_again_and_then_the_rest(module_page: Page) -> None:
    body = '{"epoch":1,"seq":4,"responses":{"i1":"c1"}}'
    draft = {"seq": 3, "flight": {"seq": 4, "body": body}, "changed": {"i2": "c2"}}
    seen = await run(module_page, "await outbox.flush();", draft)
    assert seen["bodies"][0] == body
    assert seen["sent"][1] == {"epoch": 1, "seq": 5, "responses": {"i2": "c2"}}
    assert seen["kept"][-1] == {"seq": 5, "flight": None, "changed": {}}


async def test_flush_says_whether_everything_is_saved(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = ["lost"]; outbox.put("i1", "c1");
      const first = await outbox.flush(); const second = await outbox.flush();
      world.outcomes = ["hang"]; outbox.put("i1", "c2"); await world.advance(800); outbox.put("i2", "c1");
      const third = outbox.flush(); await world.settle(); world.open[0].resolve(); return [first, second, await third];
    """,
    )
    assert seen["extra"] == [False, True, True]
    assert seen["sent"][-1]["responses"] == {"i2": "c1"}
