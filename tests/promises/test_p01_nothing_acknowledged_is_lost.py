"""P1: a response that was acknowledged is never lost and is graded, whatever is killed in the middle of a load.

The short form of `make torture`: each thing that can be killed is killed once, on each database.
"""

import random
from typing import cast, get_args

import pytest

from tests.torture.rounds import Database, torture


@pytest.mark.parametrize("database, victims", [("sqlite", 3), ("postgresql", 5)])
async def test_each_acknowledged_save_is_there_once_and_graded(database: str, victims: int) -> None:
    assert database in get_args(Database)
    seed = random.SystemRandom().randrange(10**9)
    figures = await torture(cast(Database, database), victims, seed)
    assert figures.faults == [], figures.line()
    assert len(figures.kills) == figures.rounds == victims
    assert figures.acknowledged >= victims * 6, "there was no load"
