"""An attempt does what the model says, whatever is asked in whatever order, by whichever device, at whatever moment.

Hypothesis asks the application over SQLite, through its API, with a clock of its own; after each step everything that
can be read is compared. In the middle of a save the process is killed, and another goes on with what the disk had then.
"""

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from exam_service.services import keys, sweeper
from exam_service.services.context import Context
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.attempt_model import LIMIT, ModelAttempt, ModelCandidate
from tests.support.receipts import receipt_of
from tests.support.service import TestClock, service
from tests.support.site import EXAM, Site, make_site, responses_to

URL = "https://exam.example.org"
MINUTES = {"minutes": 5, "reason": "ไฟฟ้าดับ"}


class World:
    """The application over one SQLite file, in this process, with a clock that stands until it is moved."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.file, self.folder, self.clock, self.killed = file, folder, TestClock(), 0
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.ctx: Context
        self.http: httpx.AsyncClient
        self.site: Site
        self.runner.run(self._open())
        self.site = self.runner.run(self._make())

    async def _open(self) -> None:
        given = {"EXAM_PUBLIC_URL": URL, "EXAM_SESSION_HOURS": "1000000"}
        opened = service(f"sqlite:///{self.file}", self.folder, self.clock, **given)
        self.ctx = await self.stack.enter_async_context(opened)
        app = create_app(self.ctx, sweeps=False, limits=Limits(public=10**6, candidate=10**6, lms=10**6))
        # httpx names the parts of ASGI more loosely than Litestar does.
        transport = httpx.ASGITransport(app=cast(Any, app))
        self.http = await self.stack.enter_async_context(httpx.AsyncClient(transport=transport))

    async def _make(self) -> Site:
        # As `exam-service serve` does before it listens.
        await keys.ensure(self.ctx, keys.SERVICE, "receipts")
        site = await make_site(lambda: URL, f"sqlite:///{self.file}", self.folder, http=self.http)
        await site.publish(time_limit_minutes=int(LIMIT.total_seconds()) // 60)
        return site

    def kill(self, asked: Coroutine[Any, Any, httpx.Response], after: float) -> httpx.Response | None:
        """The process is gone so many seconds into a request: what the disk holds then is all there is.

        The answer, if it was heard before.
        """

        async def gone() -> httpx.Response | None:
            request = asyncio.create_task(asked)
            await asyncio.sleep(after)
            heard = request.result() if request.done() else None
            self.killed += 1
            killed, self.stack, self.file = self.stack, AsyncExitStack(), self._as_it_is()
            await self._open()
            # Only so that nothing of it is left in the test: what it still does reaches the other file.
            await asyncio.wait((request,))
            await killed.aclose()
            return heard

        heard = self.runner.run(gone())
        self.site.http = self.http
        return heard

    def _as_it_is(self) -> Path:
        """A copy of the file with its log, as a machine finds them that has lost its power."""
        copy = self.folder / f"killed-{self.killed}.db"
        log, copied = Path(f"{self.file}-wal"), Path(f"{copy}-wal")
        while True:
            # The log first: what reaches the file meanwhile is in it. It begins anew when all of it has.
            begun = log.read_bytes()[:32]
            shutil.copy(log, copied)
            shutil.copy(self.file, copy)
            if log.read_bytes()[:32] == begun:
                return copy

    def close(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()


class Machine(RuleBasedStateMachine):
    """One candidate, two kinds of devices (those that write and those that did), staff, and time."""

    world: World

    @initialize()
    def enrol(self) -> None:
        self.model = ModelCandidate()
        self.ids: list[str] = []
        self.killed = False
        self.items: list[dict[str, dict[str, Any]]] = []
        self.receipts: dict[tuple[int, int, int], dict[str, Any]] = {}
        self.enrolment = self.run(self.world.site.enrol(f"candidate-{secrets.token_hex(8)}"))
        self.token = self.run(self.world.site.session(self.enrolment))
        self.jwks = self.run(self.world.site.jwks())

    def run(self, what: Any) -> Any:
        return self.world.runner.run(what)

    @property
    def now(self) -> Any:
        return self.world.clock.at

    def ask(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        return cast(httpx.Response, self.run(self._asked(method, path, body)))

    async def _asked(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return await self.world.http.request(method, f"{URL}/v1/candidate{path}", headers=headers, content=body)

    def staff(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.world.site.key}"}
        asked = self.world.http.request(method, f"{URL}/v1{path}", headers=headers, json=body)
        return cast(httpx.Response, self.run(asked))

    def picked(self, which: int) -> tuple[int, ModelAttempt]:
        """One of the attempts; 0 is the newest."""
        place = max(0, len(self.ids) - 1 - which)
        return place, self.model.attempts[place]

    @rule()
    def start(self) -> None:
        answer = self.ask("POST", f"/exams/{EXAM}/attempts", b"{}")
        wanted = self.model.start(self.now)
        view = answer.json()
        if wanted is None:
            assert told(answer) == "cooling-down"
            assert view["retry_at"] == stamp(max(attempt.closes for attempt in self.model.attempts))
            return
        assert answer.status_code == 201, view
        assert (view["number"], view["epoch"]) == (wanted.number, wanted.epoch)
        if wanted.number > len(self.ids):
            self.ids.append(view["attempt"])
            paper = self.ask("GET", f"/attempts/{view['attempt']}/paper").json()
            self.items.append({item["item"]: item for section in paper["sections"] for item in section["items"]})
        assert self.ids[wanted.number - 1] == view["attempt"]

    @precondition(lambda self: self.ids)
    @rule(which=st.sampled_from((0, 0, 0, 1)))
    def open(self, which: int) -> None:
        place, attempt = self.picked(which)
        answer = self.ask("POST", f"/attempts/{self.ids[place]}/open", b"{}")
        assert told(answer) == attempt.open(self.now)

    @precondition(lambda self: self.ids)
    @rule(
        which=st.sampled_from((0, 0, 0, 1)),
        back=st.sampled_from((0, 0, 0, 0, 1, 2)),
        seq=st.integers(1, 6),
        item=st.integers(1, 4),
        response=st.sampled_from(("right", "wrong", None)),
    )
    def save(self, which: int, back: int, seq: int, item: int, response: str | None) -> None:
        """New ones, old ones, ones out of order, and the same number for something else; from this device or others."""
        place, attempt = self.picked(which)
        epoch, name = max(1, attempt.epoch - back), f"i{item}"
        value = None if response is None else responses_to(self.items[place][name])[response == "wrong"]
        self._save(place, attempt, epoch, seq, {name: value})

    @precondition(lambda self: any(attempt.held for attempt in self.model.attempts))
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """What was acknowledged, once more, whatever has happened since."""
        held = [(place, key) for place, one in enumerate(self.model.attempts) for key in sorted(one.held)]
        place, (epoch, seq) = data.draw(st.sampled_from(held))
        attempt = self.model.attempts[place]
        self._save(place, attempt, epoch, seq, attempt.held[epoch, seq])

    def _save(self, place: int, attempt: ModelAttempt, epoch: int, seq: int, responses: dict[str, Any]) -> None:
        known = (epoch, seq) in attempt.held
        body = b'{"epoch":%d,"seq":%d,"responses":%s}' % (epoch, seq, json.dumps(responses).encode())
        answer = self.ask("POST", f"/attempts/{self.ids[place]}/responses", body)
        wanted = attempt.save(epoch, seq, responses, self.now)
        assert told(answer) == wanted
        if wanted != "yes":
            return
        saved = answer.json()
        first = self.receipts.setdefault((place, epoch, seq), saved)
        assert (saved["receipt"], saved["received_at"]) == (first["receipt"], first["received_at"])
        assert saved["deadline"] == stamp(attempt.deadline)
        if not known:
            said = receipt_of(saved["receipt"], self.jwks)
            assert (said["attempt"], said["session"], said["seq"]) == (self.ids[place], epoch, seq)
            assert saved["in_grace"] == (self.now >= attempt.deadline)

    @precondition(lambda self: self.ids)
    @rule(which=st.sampled_from((0, 0, 0, 1)), back=st.sampled_from((0, 0, 0, 1)))
    def submit(self, which: int, back: int) -> None:
        place, attempt = self.picked(which)
        epoch = max(1, attempt.epoch - back)
        answer = self.ask("POST", f"/attempts/{self.ids[place]}/submit", b'{"epoch":%d}' % epoch)
        assert told(answer) == attempt.submit(epoch, self.now)

    @rule(seconds=st.sampled_from((1, 29, 30, 60, 600)))
    def wait(self, seconds: int) -> None:
        self._pass(timedelta(seconds=seconds))

    @precondition(lambda self: self.ids and self.model.attempts[-1].deadline > self.now)
    @rule(after=st.sampled_from((-1, 0, 1)), grace=st.booleans())
    def wait_for_the_end(self, after: int, grace: bool) -> None:
        """To the microsecond before, at, or after the deadline or the end of the grace."""
        attempt = self.model.attempts[-1]
        end = attempt.closes if grace else attempt.deadline
        self._pass(end - self.now + timedelta(microseconds=after))

    def _pass(self, time: timedelta) -> None:
        if time > timedelta():
            self.world.clock.at += time
            self.model.pass_(self.now)

    @rule(minutes=st.sampled_from((0, 5, 30)))
    def accommodate(self, minutes: int) -> None:
        body = {"accommodations": [{"extra_minutes": minutes}] if minutes else []}
        assert self.staff("PATCH", f"/enrolments/{self.enrolment}", body).status_code == 200
        self.model.accommodate(timedelta(minutes=minutes), self.now)

    @precondition(lambda self: self.ids)
    @rule(which=st.sampled_from((0, 0, 1)), how=st.sampled_from(("extra-time", "extra-time", "reopen", "void")))
    def act(self, which: int, how: str) -> None:
        place, attempt = self.picked(which)
        body = {"reason": "ทุจริต"} if how == "void" else MINUTES
        answer = self.staff("POST", f"/attempts/{self.ids[place]}/{how}", body)
        other, more = self.model.other_runs(attempt, self.now), timedelta(minutes=5)
        if how == "void":
            wanted = attempt.void()
        else:
            wanted = (attempt.give if how == "extra-time" else attempt.reopen)(more, self.now, other)
        assert told(answer) == wanted

    @rule()
    def sweep(self) -> None:
        """It changes nothing that anyone can tell."""
        self.run(sweeper.sweep(self.world.ctx))

    @precondition(lambda self: self.receipts and self.ids and not self.killed)
    @rule(seq=st.integers(7, 9), after=st.sampled_from((0.0, 0.001, 0.003, 0.01, 0.1)))
    def kill_while_saving(self, seq: int, after: float) -> None:
        """What was acknowledged is there; what was not may be. Whoever heard nothing sends it again."""
        # Once, because it takes as long as all the other steps together.
        self.killed = True
        place, attempt = self.picked(0)
        epoch, path = attempt.epoch, f"/attempts/{self.ids[place]}/responses"
        body = b'{"epoch":%d,"seq":%d,"responses":{"i1": null}}' % (epoch, seq)
        heard = self.world.kill(self._asked("POST", path, body), after)
        journal = self.staff("GET", f"/attempts/{self.ids[place]}/journal").json()["saves"]
        there = (epoch, seq) in {(one["epoch"], one["seq"]) for one in journal}
        if heard is not None and heard.is_success:
            assert there, "it was acknowledged"
            self.receipts[place, epoch, seq] = heard.json()
        self._save(place, attempt, epoch, seq, {"i1": None})
        assert (epoch, seq) in attempt.held or not there

    @invariant()
    def what_is_read_is_what_the_model_says(self) -> None:
        self.model.running(self.now)
        for place, attempt in list(enumerate(self.model.attempts))[-2:]:
            view = self.ask("GET", f"/attempts/{self.ids[place]}").json()
            runs = attempt.runs(self.now)
            found = (view["state"], view["epoch"], view["deadline"])
            assert found == (attempt.state(self.now), attempt.epoch, stamp(attempt.deadline))
            assert view["seconds_left"] == ((attempt.deadline - self.now) // timedelta(seconds=1) if runs else 0)
            answered = {item: value for item, value in attempt.responses.items() if value is not None}
            assert view["responses"] == (answered if runs else {})

    def teardown(self) -> None:
        """After everything is over: each save is there once, and the results are of them."""
        if not hasattr(self, "ids"):
            return
        self._pass(timedelta(hours=6))
        for place, attempt in enumerate(self.model.attempts):
            detail = self.staff("GET", f"/attempts/{self.ids[place]}").json()
            assert detail["attempt"]["state"] == attempt.state(self.now)
            assert len(detail["results"]) == attempt.revisions
            right = [responses_to(self.items[place][name])[0] == value for name, value in attempt.responses.items()]
            if not attempt.voided:
                assert detail["results"][-1]["earned"] == sum(right)
                assert detail["attempt"]["ended_at"] == stamp(attempt.ended)
            saves = self.staff("GET", f"/attempts/{self.ids[place]}/journal").json()["saves"]
            assert {(one["epoch"], one["seq"]): one["responses"] for one in saves} == attempt.held
            assert len(saves) == len(attempt.held)


def told(answer: httpx.Response) -> str:
    """ "yes", or the code of the refusal."""
    assert answer.status_code < 500, answer.text
    return "yes" if answer.is_success else str(answer.json()["code"])


def stamp(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")


def test_the_service_answers_as_the_model(migrated_sqlite: Path, tmp_path: Path) -> None:
    world = World(Path(shutil.copy(migrated_sqlite, tmp_path / "exam.db")), tmp_path)
    try:
        run_state_machine_as_test(
            type("Machine", (Machine,), {"world": world}),
            settings=settings(
                # More by `make torture`.
                max_examples=int(os.environ.get("EXAM_TEST_MODEL_EXAMPLES") or 15),
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
            ),
        )
    finally:
        world.close()
