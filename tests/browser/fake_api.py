"""The candidate's API in memory, with the real pages in front of it and faults at hand.

It is for page-fault tests only: it keeps the promises that the pages rely on (numbered saves, device sessions, a
deadline), and can be told to break them. The story test runs against the real service.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from jinja2 import Environment, FileSystemLoader, select_autoescape

from exam_service.core.text import Text
from exam_service.web import texts
from exam_service.web.candidate.pages import PLACE
from exam_service.web.kept_page import KeptPage, kept_page
from exam_service.web.security import PAGE_POLICY
from exam_service.web.texts import Words
from tests.browser import sample
from tests.browser.fake_attempt import Answer, Attempt, broken, problem, reply
from tests.browser.sample_texts import text

__all__ = ["FakeService", "broken", "journey", "problem", "reply", "serve"]

WEB = Path(texts.__file__).resolve().parent
Scope = dict[str, Any]


class FakeService:
    """The service. `attempt`, `me`, `paper`, `result`, `review` are its answers; `fault` breaks calls.

    `calls` lists them.
    """

    def __init__(self) -> None:
        self.url = ""
        self.attempt = Attempt()
        self.me: dict[str, Any] = journey("start")
        self.result = sample.result()
        self.review: dict[str, Any] | None = sample.review()
        self.paper: dict[str, Any] = sample.PAPER
        self.calls: list[tuple[str, str]] = []
        self.down = False
        """The proxy in front says that nobody is there."""
        self.extra_headers: list[tuple[bytes, bytes]] = []
        self.lost_answers = 0
        """So many saves are recorded, but their answer is lost."""
        self.unknown = False
        """There is no such attempt."""
        self.has_contact = True
        self.person = "somsri"
        """Whose session the browser has."""
        self.language = "th"
        """What the launch said of the reader's language."""
        self.deployed = ""
        """What the newest deploy changed in the page."""
        self._faults: deque[tuple[str, Callable[[], Answer], int]] = deque()
        self._environment = Environment(
            loader=FileSystemLoader(WEB / "templates"),
            autoescape=select_autoescape(default=True),
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def fault(self, path_end: str, answer: Callable[[], Answer], times: int = 1) -> None:
        """The next calls whose path ends so are answered by `answer` instead."""
        self._faults.append((path_end, answer, times))

    def mend(self) -> None:
        """Nothing is broken any more."""
        self._faults.clear()

    @staticmethod
    def in_seconds(seconds: float) -> str:
        """A moment so far ahead, as the service writes it."""
        return datetime.fromtimestamp(time.time() + seconds, UTC).isoformat()

    def asked(self, path_end: str) -> int:
        return sum(path.endswith(path_end) for _, path in self.calls)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path, method = scope["path"], scope["method"]
        status, kind, content = broken() if self.down else self._answer(method, path, body.decode(), scope)
        signing_out = path == "/exam/sign-out"
        who = (
            b"exam_who=; path=/; max-age=0"
            if signing_out
            else f"exam_who={self.person}; path=/; max-age=43200".encode()
        )
        headers = [
            (b"content-type", kind.encode()),
            (b"content-security-policy", PAGE_POLICY.encode()),
            (b"cache-control", b"no-store"),
            *([(b"set-cookie", who + b"; samesite=lax")] if kind.startswith("text/html") else []),
            *self.extra_headers,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, method: str, path: str, body: str, scope: Scope) -> Answer:
        if path.startswith("/v1/candidate"):
            self.calls.append((method, path))
            query = scope["query_string"].decode()
            return self._faulty(path) or self._api(method, path.removeprefix("/v1/candidate"), body, query)
        if path == "/exam/worker.js":
            return 200, "text/javascript", self._kept.worker
        if path.startswith((PLACE.path, "/static/")):
            name = path.removeprefix("/static/") if path.startswith("/static/") else path.split("/", 4)[4]
            file = self._kept.files.get(name)
            return (200, file.media_type, file.content) if file else (404, "text/plain", b"")
        return self._page(path, scope)

    @property
    def _kept(self) -> KeptPage:
        template = self._environment.get_template("attempt.html")
        blank = template.render(words=Words("th"), page={"page": "attempt", "attempt": None})
        return kept_page(PLACE, blank.replace("</body>", f"{self.deployed}</body>"))

    def _faulty(self, path: str) -> Answer | None:
        if self.unknown and sample.ATTEMPT in path:
            return problem(404, "not-found", "ไม่พบการสอบนี้", "There is no such attempt.")
        if not self._faults or not path.endswith(self._faults[0][0]):
            return None
        end, answer, times = self._faults.popleft()
        if times > 1:
            self._faults.appendleft((end, answer, times - 1))
        return answer()

    def _api(self, method: str, path: str, body: str, query: str) -> Answer:
        match method, path.rsplit("/", 1)[-1]:
            case "GET", "me":
                return reply({**self.me, "now": datetime.now(UTC).isoformat()})
            case "POST", "attempts" | "open":
                return self.attempt.open()
            case "GET", "paper":
                return reply(self.paper)
            case "POST", "responses":
                answer = self.attempt.save(body)
                self.lost_answers, lost = max(0, self.lost_answers - 1), self.lost_answers > 0
                return broken() if lost else answer
            case "POST", "submit":
                return self.attempt.submit(json.loads(body)["epoch"])
            case "GET", "result" if self.attempt.state == "voided":
                return problem(409, "attempt-voided", "การสอบครั้งนี้ถูกยกเลิก", "This attempt was voided.")
            case "GET", "result":
                return reply(self.result)
            case "GET", "review":
                closed = problem(
                    403, "review-not-open", "ยังไม่เปิดให้ทบทวนการสอบครั้งนี้", "The review of this attempt is not open."
                )
                return closed if self.review is None else reply(self.review)
            case "GET", "receipts":
                return reply({"receipts": self.attempt.receipts})
            case "POST", "certificates":
                self.me["certificate"]["issued"].append({**sample.ISSUED, "kind": json.loads(body)["kind"]})
                return reply(self.me["certificate"]["issued"][-1], 201)
            case "GET", "contact" if self.has_contact:
                return reply(self.attempt.contact(int(query.removeprefix("epoch=") or 0)))
            case "GET", "contact":
                return problem(404, "not-found", "ไม่พบ", "Not here.")
            case "GET", _:
                return reply(self.attempt.view())
        return problem(404, "not-found", "ไม่พบ", "Not here.")

    def _page(self, path: str, scope: Scope) -> Answer:
        query = scope["query_string"].decode()
        cookies = dict(scope["headers"]).get(b"cookie", b"").decode()
        chosen = "en" if "lang=en" in query or (not query and "exam_lang=en" in cookies) else "th"
        language = chosen if query or "exam_lang" in cookies else self.language
        words = Words(language)
        page: dict[str, Any] = {"attempt": sample.ATTEMPT, "return_url": "https://lms.example/course/1"}
        organisation, course = Text(**sample.ORGANISATION), Text(**sample.COURSE["title"])
        closed = Text(
            th="ลิงก์เข้าสอบนี้ถูกใช้ไปแล้ว โปรดเข้าสู่รายวิชาจากระบบเรียนอีกครั้ง",
            en="This launch link was already used; open the course again from your learning system.",
        )
        missing = {
            "message": Text(th="ไม่พบ การสอบ `att_x`", en="There is no attempt `att_x` here."),
            "code": "not-found",
            "status": 404,
            "home": True,
            "retry_at": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        }
        way_in = {"organisation": organisation, "course": course, "hours": 20, "candidate": "นางสาวสมหญิง ใจดี"}
        shown: dict[str, tuple[str, dict[str, Any]]] = {
            "exam": ("home", {"page": page}),
            "result": ("result", {"page": page}),
            "review": ("review", {"page": page}),
            sample.ATTEMPT: ("attempt", {"page": page}),
            "token": ("launch", way_in),
            "sign-out": ("signed_out", {}),
            "used": ("launch_refused", {"message": closed, "code": "launch-used", "return_url": page["return_url"]}),
        }
        name, context = shown.get(path.rsplit("/", 1)[-1], ("problem", missing))
        html = self._environment.get_template(f"{name}.html").render(words=words, **context)
        html = self._kept.addressed(html.replace("</body>", f"{self.deployed}</body>"))
        return 200, "text/html; charset=utf-8", html.encode()


def journey(stage: str) -> dict[str, Any]:
    """`me` at a stage of the course: start, learning, running, cooling, hidden, passed, issued."""
    exam, past = sample.exam, sample.past
    waiting = {
        "code": "conditions-not-met",
        "message": text("ยังไม่ครบเงื่อนไข", "Conditions are missing."),
        "missing": sample.CERTIFICATE["missing"][1:],
    }
    pre_done = exam(
        "pre",
        attempts_used=1,
        can_start=False,
        refusal={"code": "attempts-exhausted", "message": text("ใช้สิทธิ์ครบแล้ว", "All used.")},
        counted={"percent": 41.67, "passed": None},
        attempts=[past(1, 41.67, None, review_open=False)],
    )
    locked = exam("post", can_start=False, refusal=waiting)
    soon = datetime.fromtimestamp(time.time() + 1234, UTC).isoformat()
    cooling = {"code": "cooling-down", "message": text("รอก่อน", "Wait."), "retry_at": soon}
    failed = {"counted": {"percent": 58.33, "passed": False}, "attempts_used": 1, "attempts": [past(1, 58.33, False)]}
    passed = exam(
        "post",
        attempts_used=2,
        can_start=False,
        refusal={"code": "already-passed", "message": text("ผ่านแล้ว", "Passed.")},
        counted={"percent": 85.0, "passed": True},
        attempts=[past(1, 58.33, False, ended_by="expired"), past(2, 85.0, True)],
    )
    met = {**sample.CERTIFICATE, "met": True, "missing": [], "issued": []}
    exams, facts, certificate = {
        "start": ([exam("pre"), locked], sample.FACTS, sample.CERTIFICATE),
        "learning": ([pre_done, locked], sample.FACTS, sample.CERTIFICATE),
        "ready": ([pre_done, exam("post")], sample.FACTS_DONE, sample.CERTIFICATE),
        "running": (
            [
                pre_done,
                exam(
                    "post",
                    attempts_used=1,
                    can_start=False,
                    running={"attempt": sample.ATTEMPT, "deadline": soon, "seconds_left": 1234},
                ),
            ],
            sample.FACTS_DONE,
            sample.CERTIFICATE,
        ),
        "cooling": (
            [pre_done, exam("post", can_start=False, refusal=cooling, **failed)],
            sample.FACTS_DONE,
            sample.CERTIFICATE,
        ),
        "hidden": (
            [
                pre_done,
                exam(
                    "post",
                    attempts_used=1,
                    counted={"percent": None, "passed": None},
                    attempts=[past(1, None, None, review_open=False)],
                ),
            ],
            sample.FACTS_DONE,
            sample.CERTIFICATE,
        ),
        "passed": ([pre_done, passed], sample.FACTS_DONE, met),
        "issued": (
            [pre_done, passed],
            sample.FACTS_DONE,
            {
                **met,
                "issued": [
                    dict(sample.ISSUED),
                    {**sample.ISSUED, "id": "A2BCDEFGHIJKLMNO", "kind": "attestation", "state": "revoked"},
                ],
            },
        ),
    }[stage]
    return {
        "candidate": {"name": "นางสาวสมหญิง ใจดี"},
        "organisation": sample.ORGANISATION,
        "course": sample.COURSE,
        "language": "th",
        "return_url": "https://lms.example/course/1",
        "facts": facts,
        "exams": exams,
        "certificate": json.loads(json.dumps(certificate)),
    }


@contextmanager
def serve() -> Iterator[FakeService]:
    """The fake service on a port of its own, for as long as the block lasts."""
    service = FakeService()
    server = uvicorn.Server(
        uvicorn.Config(service, host="127.0.0.1", port=0, lifespan="off", ws="none", log_level="error")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    service.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.should_exit = True
        thread.join(10)
