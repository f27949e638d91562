"""The fake service keeps the promises that the pages rely on."""

import json

from tests.browser.fake_api import FakeService


def test_a_save_is_recorded_once_and_only_from_the_device_that_writes() -> None:
    attempt = FakeService().attempt
    attempt.open()
    first = json.dumps({"epoch": 1, "seq": 1, "responses": {"i1": "c1"}})
    assert attempt.save(first)[0] == attempt.save(first)[0] == 200
    assert len(attempt.log) == 1
    assert b"sequence-reused" in attempt.save(first.replace("c1", "c2"))[2]
    attempt.open()
    assert b"moved-to-other-device" in attempt.save(first)[2]
