"""Rounds of load in which something is killed at a moment that dice choose; afterwards everything is looked at.

The dice (who, when, for how long, which responses) are seeded by the run's seed and the round's number. What happens to
meet which moment is left to the machine: that is what is tried.
"""

import asyncio
import collections
import contextlib
import itertools
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.support.postgres import PostgresServer, postgres_server
from tests.support.process import scratch
from tests.support.running import RunningService, environment
from tests.support.site import Site, make_site
from tests.support.taker import Sitting, Taker, faults_of
from tests.support.valkey import ValkeyServer, valkey_server

Database = Literal["sqlite", "postgresql"]

TAKERS = 6
ROUNDS_PER_CANDIDATE = 5
"""Then others come, so that nobody has hundreds of attempts behind them."""


@dataclass
class Victim:
    """Something that is killed, and started again."""

    name: str
    kill: Callable[[], None]
    revive: Callable[[], None]


@dataclass
class Figures:
    """What a run did and found."""

    database: str
    seed: int
    rounds: int = 0
    kills: collections.Counter[str] = field(default_factory=collections.Counter)
    attempts: int = 0
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list)
    answers: collections.Counter[str] = field(default_factory=collections.Counter)
    seconds: float = 0

    def line(self) -> str:
        """One line of JSON."""
        said: dict[str, Any] = {
            "torture": self.database, "seed": self.seed, "rounds": self.rounds, "kills": dict(self.kills),
            "attempts": self.attempts, "acknowledged": self.acknowledged,
            "lost": sum(" lost: " in fault for fault in self.faults),
            "doubled": sum(" doubled: " in fault for fault in self.faults),
            "faults": len(self.faults), "answers": dict(self.answers), "seconds": round(self.seconds, 1),
        }  # fmt: skip
        return json.dumps(said)


@dataclass
class Field:
    """The servers of a run, and who may be killed."""

    site: Site
    service: RunningService
    victims: Sequence[Victim]


async def torture(database: Database, rounds: int, seed: int, say: Callable[[str], None] = lambda _: None) -> Figures:
    """So many rounds over one set of servers. The faults that were found are in the figures."""
    figures, begun = Figures(database, seed), time.monotonic()
    async with _field(database) as field_:
        takers: list[Taker] = []
        for number in range(rounds):
            dice = random.Random(f"{seed}/{number}")
            if number % ROUNDS_PER_CANDIDATE == 0:
                takers = [await _taker(field_.site, f"{number}-{n}", figures) for n in range(TAKERS)]
            # In turn, so that a short run kills each of them too.
            victim = field_.victims[number % len(field_.victims)]
            await _round(field_, takers, victim, dice, figures)
            said = f"{figures.acknowledged} saves so far, {len(figures.faults)} faults"
            say(f"{database} round {number + 1}: killed {victim.name}; {said}")
        figures.faults += await _numbers(field_.site, figures.attempts)
        figures.faults += [f"crash: {count} × {said}" for said, count in figures.answers.items() if "500 " in said]
    figures.seconds = time.monotonic() - begun
    return figures


async def _round(field_: Field, takers: list[Taker], victim: Victim, dice: random.Random, figures: Figures) -> None:
    enough = asyncio.Event()
    for taker in takers:
        taker.dice = random.Random(dice.random())
    async with asyncio.TaskGroup() as group:
        taking = [group.create_task(_take_until(taker, enough, figures)) for taker in takers]
        await asyncio.sleep(dice.uniform(0, 0.5))
        await asyncio.to_thread(victim.kill)
        await asyncio.sleep(dice.choice((0, dice.uniform(0, 0.3))))
        await asyncio.to_thread(victim.revive)
        await asyncio.sleep(dice.uniform(0.05, 0.3))
        enough.set()
    jwks = await field_.site.jwks()
    for taker, sittings in zip(takers, (task.result() for task in taking), strict=True):
        for sitting in sittings:
            figures.faults += await faults_of(field_.site, sitting, jwks)
            figures.faults += await _sent_again(taker, sitting)
            figures.attempts += 1
            figures.acknowledged += len(sitting.acknowledged)
    figures.rounds += 1
    figures.kills[victim.name] += 1


async def _take_until(taker: Taker, enough: asyncio.Event, figures: Figures) -> list[Sitting]:
    """Attempt after attempt; the one that runs when it is enough is finished."""
    done = []
    while not enough.is_set():
        try:
            sitting = await taker.start()
            for _ in range(taker.dice.randint(1, 8)):
                await taker.save(sitting, taker.some(sitting))
                await asyncio.sleep(taker.dice.uniform(0, 0.03))
            await taker.submit(sitting)
        except AssertionError as refusal:
            # Nothing that a candidate does here may be refused.
            figures.faults.append(f"refused: {refusal}")
            break
        done.append(sitting)
    return done


async def _sent_again(taker: Taker, sitting: Sitting) -> list[str]:
    """One save once more, after the end: the same receipt, and nothing is written."""
    sent = taker.dice.choice(sitting.acknowledged)
    answer = await taker.send(sitting, sent)
    if answer.status_code == 200 and answer.json()["receipt"] == sent.answer["receipt"]:
        return []
    return [f"{sitting.attempt} receipt: save {sent.epoch}/{sent.seq} sent again: {answer.status_code} {answer.text}"]


async def _numbers(site: Site, attempts: int) -> list[str]:
    """Each candidate's attempts are numbered 1, 2, 3 …, and there are as many as the candidates know of."""
    listed = await site.all("/v1/attempts?course=course")
    faults = [] if len(listed) == attempts else [f"attempts: {len(listed)}, and candidates know of {attempts}"]
    listed.sort(key=lambda one: (one["enrolment"], one["number"]))
    for enrolment, of_one in itertools.groupby(listed, key=lambda one: one["enrolment"]):
        numbers = [one["number"] for one in of_one]
        if numbers != list(range(1, len(numbers) + 1)):
            faults.append(f"{enrolment} numbers: {numbers}")
    return faults


async def _taker(site: Site, name: str, figures: Figures) -> Taker:
    token = await site.session(await site.enrol(name))
    return Taker(site.url, token, site.http, random.Random(0), figures.answers)


@asynccontextmanager
async def _field(database: Database) -> AsyncIterator[Field]:
    """A service with its database and its Valkey, all of them of this run's own."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch("exam-torture"))
        valkey = await asyncio.to_thread(stack.enter_context, valkey_server())
        postgres = None if database == "sqlite" else await asyncio.to_thread(stack.enter_context, postgres_server())
        url = await asyncio.to_thread(_database_url, folder, postgres)
        service = RunningService(environment(url, folder, EXAM_REDIS_URL=valkey.url), folder)
        stack.callback(service.stop)
        await asyncio.to_thread(service.start)
        site = await make_site(lambda: service.url, url, folder)
        try:
            yield Field(site, service, _victims(service, valkey, postgres))
        finally:
            await site.close()


def _database_url(folder: Path, postgres: PostgresServer | None) -> str:
    return f"sqlite:///{folder}/exam.db" if postgres is None else postgres.fresh_database().replace("+asyncpg", "")


def _victims(service: RunningService, valkey: ValkeyServer, postgres: PostgresServer | None) -> list[Victim]:
    victims = [Victim("service", service.kill, service.start)]
    if postgres is not None:
        victims += [
            Victim("postgresql SIGKILL", postgres.crash, postgres.restart),
            Victim("postgresql SIGQUIT", postgres.quit, postgres.restart),
        ]
    victims.append(Victim("valkey", valkey.crash, valkey.restart))

    def kill_all() -> None:
        service.kill()
        valkey.crash()
        if postgres is not None:
            postgres.crash()

    def revive_all() -> None:
        if postgres is not None:
            postgres.restart()
        valkey.restart()
        service.start()

    # As when the power goes.
    return [*victims, Victim("everything", kill_all, revive_all)]
