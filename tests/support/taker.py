"""A candidate over HTTP who keeps what was acknowledged, and repeats what was not answered with the same numbers."""

import asyncio
import collections
import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.receipts import receipt_of, unpadded
from tests.support.site import EXAM, Site, responses_to

PATIENCE = 60
"""Seconds until a candidate gives up, and the test fails."""


@dataclass
class Sent:
    """One save that was acknowledged."""

    epoch: int
    seq: int
    body: bytes
    """The member `responses` as it was sent."""
    answer: dict[str, Any]

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body).digest()


@dataclass
class Sitting:
    """One attempt, as its candidate knows it."""

    attempt: str
    number: int
    epoch: int
    items: dict[str, dict[str, Any]]
    acknowledged: list[Sent] = field(default_factory=list)
    seq: int = 0
    submitted: dict[str, Any] | None = None

    @property
    def responses(self) -> dict[str, Any]:
        """What stands, by what was acknowledged."""
        return {item: value for sent in self.acknowledged for item, value in json.loads(sent.body).items()}

    @property
    def right(self) -> int:
        """How many of the responses that stand are right."""
        return sum(value == responses_to(self.items[item])[0] for item, value in self.responses.items())


@dataclass
class Taker:
    """One candidate. `tally` counts what was answered, by status and code, also over several candidates."""

    url: Callable[[], str]
    token: str
    http: httpx.AsyncClient
    dice: random.Random
    tally: collections.Counter[str] = field(default_factory=collections.Counter)
    patience: float = PATIENCE

    async def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        """The first answer that says yes or no; no answer, and "not now", are asked again."""
        end, wait = time.monotonic() + self.patience, 0.02
        while True:
            try:
                answer = await self.once(method, path, **given)
            except httpx.TransportError as error:
                said = type(error).__name__
            else:
                said = f"{answer.status_code} {answer.json()['code']}" if answer.status_code >= 400 else "answered"
                if answer.status_code < 500 and answer.status_code != 429:
                    self.tally[said] += 1
                    return answer
            self.tally[said] += 1
            if time.monotonic() > end:
                raise TimeoutError(f"{method} {path}: {said}")
            await asyncio.sleep(wait * (0.5 + self.dice.random()))
            wait = min(wait * 1.5, 0.5)

    async def once(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request, however it ends."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return await self.http.request(method, f"{self.url()}/v1/candidate{path}", headers=headers, **given)

    async def start(self, exam: str = EXAM) -> Sitting:
        """Start, or go on with the one that runs; with its paper."""
        view = yes(await self.call("POST", f"/exams/{exam}/attempts", json={}))
        paper = yes(await self.call("GET", f"/attempts/{view['attempt']}/paper"))
        items = {item["item"]: item for section in paper["sections"] for item in section["items"]}
        return Sitting(view["attempt"], view["number"], view["epoch"], items)

    def some(self, sitting: Sitting) -> dict[str, Any]:
        """Responses to a few items, right or wrong, sometimes one taken back."""
        chosen = self.dice.sample(sorted(sitting.items), self.dice.randint(1, 4))
        return {item: self.dice.choice((*responses_to(sitting.items[item]), None)) for item in chosen}

    async def save(self, sitting: Sitting, responses: dict[str, Any]) -> Sent:
        """Save until it is acknowledged."""
        sitting.seq += 1
        sent = Sent(sitting.epoch, sitting.seq, json.dumps(responses).encode(), {})
        sent.answer = yes(await self.send(sitting, sent))
        sitting.acknowledged.append(sent)
        return sent

    async def send(self, sitting: Sitting, sent: Sent) -> httpx.Response:
        """This very save, with its numbers."""
        return await self.call("POST", f"/attempts/{sitting.attempt}/responses", content=body_of(sent))

    async def submit(self, sitting: Sitting) -> dict[str, Any]:
        answer = await self.call("POST", f"/attempts/{sitting.attempt}/submit", json={"epoch": sitting.epoch})
        sitting.submitted = yes(answer)
        return sitting.submitted


def yes(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


def body_of(sent: Sent) -> bytes:
    return b'{"epoch":%d,"seq":%d,"responses":%s}' % (sent.epoch, sent.seq, sent.body)


async def check(site: Site, sitting: Sitting, jwks: Any) -> None:
    """What a candidate was told is what staff finds, after the attempt has been handed in (P1)."""
    assert await faults_of(site, sitting, jwks) == []


async def faults_of(site: Site, sitting: Sitting, jwks: Any) -> list[str]:
    """What is not as this candidate was told; the first word says what kind.

    (1) every acknowledged save is in the journal, byte for byte by its digest; (2) once; (3) nothing else is; (4) each
    receipt is signed, and says so; (5) the attempt is graded, once, by exactly these responses.
    """
    found = []
    journal = await site.get(f"/v1/attempts/{sitting.attempt}/journal")
    held = {(save["epoch"], save["seq"]): save for save in journal["saves"]}
    if len(held) != len(journal["saves"]):
        found.append(f"doubled: {len(journal['saves']) - len(held)} save(s)")
    for sent in sitting.acknowledged:
        save, name = held.pop((sent.epoch, sent.seq), None), f"save {sent.epoch}/{sent.seq}"
        if save is None:
            found.append(f"lost: {name}")
        elif (save["digest"], save["responses"]) != (sent.digest.hex(), json.loads(sent.body)):
            found.append(f"changed: {name}")
        said = receipt_of(sent.answer["receipt"], jwks)
        told = (said["attempt"], said["session"], said["seq"], unpadded(said["digest"]))
        if told != (sitting.attempt, sent.epoch, sent.seq, sent.digest):
            found.append(f"receipt: {name} got that of {told}")
    found += [f"unasked: save {epoch}/{seq}" for epoch, seq in held]
    detail = await site.get(f"/v1/attempts/{sitting.attempt}")
    if (detail["attempt"]["state"], detail["attempt"]["number"]) != ("graded", sitting.number):
        found.append(f"attempt: {detail['attempt']}")
    if (earned := [revision["earned"] for revision in detail["results"]]) != [sitting.right]:
        found.append(f"graded: {earned} instead of {sitting.right}")
    return [f"{sitting.attempt} {fault}" for fault in found]
