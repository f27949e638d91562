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


async def test_a_save_without_an_answer_is_sent_again_the_same_before_anything_newer(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = ["lost", [502, ""]]; outbox.put("i1", "c1"); await world.advance(800);
      outbox.put("i1", "c3"); await world.advance(60000);
    """,
    )
    assert [(one["seq"], one["responses"]) for one in seen["sent"]] == [(1, {"i1": "c1"})] * 3 + [(2, {"i1": "c3"})]
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
      world.outcomes = [[503, "busy", { waitMs: 90000 }], [429, "too-many-requests", { waitMs: 100 }]];
      outbox.put("i1", "c1"); await world.advance(800); const first = world.waits()[0];
      await world.advance(first); return [first, world.waits()[0]];
    """,
    )
    assert seen["extra"] == [90_500, 1500]


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
    assert [batch["responses"] for batch in seen["kept"][-1]["rejected"]] == [{"i2": "nonsense"}]


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
    assert json.loads(seen["kept"][-1]["flight"]["responses"]) == {"i1": "c1"}
    assert [batch["responses"] for batch in seen["kept"][-1]["queue"]] == [{"i2": "c2"}]


async def test_going_on_after_a_reload_sends_the_same_save_again_and_then_the_rest(module_page: Page) -> None:
    stamp = {"clock": "before", "ran": 5, "at": 990_000, "receipt": 3}
    flight = {"seq": 4, "responses": '{"i1":"c1"}', "last": stamp}
    queue = [{"responses": {"i2": "c2"}, "first": stamp, "last": stamp}]
    seen = await run(module_page, "await outbox.flush();", {"seq": 3, "flight": flight, "queue": queue, "rejected": []})
    first, second = seen["sent"]
    assert (first["seq"], first["responses"]) == (4, {"i1": "c1"})
    assert first["offline"] | {"answered_ago_ms": 0, "contact_ago_ms": 0} == {
        "answered_ago_ms": 0,
        "monotonic": False,
        "after_receipt": 3,
        "contact_ago_ms": 0,
        "queued": 2,
    }
    assert (second["seq"], second["responses"]) == (5, {"i2": "c2"})
    assert seen["kept"][-1] == {"seq": 5, "flight": None, "queue": [], "rejected": []}


async def test_a_save_that_waited_tells_how_long_and_one_that_did_not_says_nothing(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      outbox.put("i1", "c1"); await world.advance(800);
      world.outcomes = Array(5).fill("lost"); outbox.put("i2", "c1"); await world.advance(20000);
      outbox.put("i2", "c2"); await world.advance(60000);
    """,
    )
    assert "offline" not in seen["sent"][0]
    delivered = seen["sent"][6]
    assert (delivered["seq"], delivered["responses"]) == (2, {"i2": "c1"})
    assert delivered["offline"] == {
        "answered_ago_ms": 800 + 750 + 1500 + 3000 + 6000 + 12000,
        "monotonic": True,
        "after_receipt": 1,
        "contact_ago_ms": 1234,
        "queued": 2,
    }


async def test_while_time_is_left_what_waits_goes_in_one_save(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.outcomes = Array(20).fill("lost"); outbox.put("i1", "c1"); await world.advance(800);
      for (let n = 2; n < 6; n += 1) { outbox.put(`i${n}`, "c1"); await world.advance(70000); }
      world.outcomes = []; await outbox.flush();
    """,
    )
    assert [one["responses"] for one in seen["sent"][-2:]] == [{"i1": "c1"}, {f"i{n}": "c1" for n in range(2, 6)}]


async def test_when_time_may_be_over_a_late_answer_does_not_make_an_earlier_one_late(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.sure = false; world.outcomes = Array(9).fill("lost"); outbox.put("i1", "c1"); await world.advance(800);
      outbox.put("i2", "c1"); await world.advance(30000); outbox.put("i3", "c1"); await world.advance(70000);
      outbox.put("i2", "c2"); await world.advance(1000); world.outcomes = ["ok", "ok", [409, "deadline-passed"]];
      await outbox.flush(); return [outbox.fate, outbox.stopped];
    """,
    )
    assert [(one["seq"], one["responses"]) for one in seen["sent"][-3:]] == [
        (1, {"i1": "c1"}),
        (2, {"i2": "c1", "i3": "c1"}),
        (3, {"i2": "c2"}),
    ]
    assert seen["extra"] == [{"refused": ["i2"], "held": [], "accepted": []}, "ended"]


async def test_a_refused_late_save_is_followed_by_the_others_so_that_staff_see_all(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      world.sure = false; world.outcomes = Array(9).fill("lost"); outbox.put("i1", "c1"); await world.advance(70000);
      outbox.put("i2", "c1"); world.outcomes = Array(2).fill([409, "deadline-passed"]); await outbox.flush();
      return outbox.fate.refused;
    """,
    )
    assert seen["extra"] == ["i1", "i2"]
    assert [one["seq"] for one in seen["sent"][-2:]] == [1, 2]


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


async def test_at_the_end_it_hurries_and_after_that_it_is_patient_again(module_page: Page) -> None:
    seen = await run(
        module_page,
        """
      const longest = async (ms) => {
        world.said.length = 0;
        await world.advance(ms);
        return Math.max(...world.said.map((state) => state.waitMs ?? 0));
      };
      world.outcomes = Array(60).fill([502, ""]); outbox.put("i1", "c1");
      const patient = await longest(120000);
      outbox.hurry(4000); await longest(30000); const soon = await longest(30000);
      outbox.hurry(null); return [patient, soon, await longest(30000)];
    """,
    )
    patient, soon, again = seen["extra"]
    assert soon <= 4000
    assert patient > 20_000
    assert again > 20_000
