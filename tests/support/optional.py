"""What a laptop may lack and CI may not: `optional(reason)` skips there and fails here."""

import os
from typing import NoReturn

import pytest


def require_all() -> bool:
    """Whether everything must be there, as `.ci/run` asks with EXAM_TEST_REQUIRE_ALL=1."""
    return os.environ.get("EXAM_TEST_REQUIRE_ALL") == "1"


def optional(reason: str) -> NoReturn:
    """Skip this test with the reason, or fail it where everything must be there."""
    if require_all():
        pytest.fail(f"EXAM_TEST_REQUIRE_ALL=1, but {reason}", pytrace=False)
    pytest.skip(reason)
