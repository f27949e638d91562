"""The candidate's API in memory, with the real pages in front of it and faults at hand.

It is for page-fault tests only: it keeps the promises that the pages rely on (numbered saves, device sessions, a
deadline), and can be told to break them. The story test runs against the real service.
"""

import base64
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
from exam_service.web.texts import Words
from tests.browser import sample

WEB = Path(texts.__file__).resolve().parent
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

Answer = tuple[int, str, bytes]
Scope = dict[str, Any]


class Attempt:
    """One running attempt, as far as the pages can tell."""

    def __init__(self) -> None:
        self.epoch = 0
        self.state = "in_progress"
        self.ends = time.monotonic() + 1800.0
        self.grace = 30.0
        self.saved: dict[int, tuple[str, dict[str, Any]]] = {}
        self.responses: dict[str, Any] = {}
        self.receipts: list[str] = []
        self.log: list[dict[str, Any]] = []
        """Every save that was recorded, once."""

    @property
    def left(self) -> float:
        return self.ends - time.monotonic()

    def view(self) -> dict[str, Any]:
        if self.state == "in_progress" and self.left <= 0:
            self.state = "expired"
        return {
            "attempt": sample.ATTEMPT,
            "exam": "post",
            "number": 1,
            "state": self.state,
            "epoch": self.epoch,
            "started_at": "2026-11-22T03:00:00Z",
            "deadline": "2026-11-22T03:38:00Z",
            "seconds_left": max(0.0, self.left),
            "time_limit_minutes": 30,
            "saved_seq": max(self.saved, default=0),
            "responses": self.responses,
        }

    def open(self) -> dict[str, Any]:
        self.epoch += 1
        self.saved = {}
        return self.view()

    def save(self, raw: str) -> Answer:
        body = json.loads(raw)
        if self.state in ("submitted", "graded"):
            return problem(409, "attempt-ended", "การสอบครั้งนี้ส่งไปแล้ว", "This attempt has already been handed in.")
        if self.left <= -self.grace:
            return problem(409, "deadline-passed", "หมดเวลาแล้ว", "Time was up.")
        if body["epoch"] != self.epoch:
            return problem(409, "moved-to-other-device", "เปิดบนอุปกรณ์อื่นแล้ว", "Opened on another device.")
        bad = [name for name, value in body["responses"].items() if value == "BAD"]
        if bad:
            return problem(
                422,
                "invalid-input",
                "ข้อมูลผิด",
                "What was sent has faults.",
                faults=[{"code": "x", "message": {}, "path": f"responses.{name}"} for name in bad],
            )
        known = self.saved.get(body["seq"])
        if known is None:
            received = datetime.now(UTC).isoformat()
            payload = {
                "attempt": sample.ATTEMPT,
                "session": self.epoch,
                "seq": body["seq"],
                "received_at": received,
                "digest": "x",
                "seconds_left": self.left,
            }
            receipt = ".".join(
                base64.urlsafe_b64encode(part).rstrip(b"=").decode()
                for part in (b"{}", json.dumps(payload).encode(), b"signature")
            )
            self.receipts.append(receipt)
            self.responses |= body["responses"]
            self.log.append(body)
            known = (
                raw,
                {
                    "seq": body["seq"],
                    "received_at": received,
                    "seconds_left": max(0.0, self.left),
                    "deadline": "",
                    "in_grace": self.left < 0,
                    "receipt": receipt,
                },
            )
            self.saved[body["seq"]] = known
        elif known[0] != raw:
            return problem(409, "sequence-reused", "ลำดับซ้ำ", "Used before.")
        return reply({**known[1], "seconds_left": max(0.0, self.left)})

    def submit(self, epoch: int) -> Answer:
        if self.state == "in_progress" and epoch != self.epoch:
            return problem(409, "moved-to-other-device", "เปิดบนอุปกรณ์อื่นแล้ว", "Opened on another device.")
        self.state = "graded"
        return reply(self.view())


class FakeService:
    """The service. `attempt`, `me`, `result` and `review` are its answers; `fault` breaks calls; `calls` lists them."""

    def __init__(self) -> None:
        self.url = ""
        self.attempt = Attempt()
        self.me: dict[str, Any] = journey("start")
        self.result = sample.result()
        self.review: dict[str, Any] | None = sample.review()
        self.calls: list[tuple[str, str]] = []
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
        status, kind, content = self._answer(method, path, body.decode(), scope)
        headers = [
            (b"content-type", kind.encode()),
            (b"content-security-policy", CSP.encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, method: str, path: str, body: str, scope: Scope) -> Answer:
        if path.startswith("/v1/candidate"):
            self.calls.append((method, path))
            return self._faulty(path) or self._api(method, path.removeprefix("/v1/candidate"), body)
        if path.startswith("/static/"):
            file = (WEB / path[1:]).resolve()
            return (200, TYPES[file.suffix], file.read_bytes()) if file.is_file() else (404, "text/plain", b"")
        return self._page(path, scope)

    def _faulty(self, path: str) -> Answer | None:
        if not self._faults or not path.endswith(self._faults[0][0]):
            return None
        end, answer, times = self._faults.popleft()
        if times > 1:
            self._faults.appendleft((end, answer, times - 1))
        return answer()

    def _api(self, method: str, path: str, body: str) -> Answer:
        match method, path.rsplit("/", 1)[-1]:
            case "GET", "me":
                return reply({**self.me, "now": datetime.now(UTC).isoformat()})
            case "POST", "attempts" | "open":
                return reply(self.attempt.open(), 201)
            case "GET", "paper":
                return reply(sample.PAPER)
            case "POST", "responses":
                return self.attempt.save(body)
            case "POST", "submit":
                return self.attempt.submit(json.loads(body)["epoch"])
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
            case "GET", _:
                return reply(self.attempt.view())
        return problem(404, "not-found", "ไม่พบ", "Not here.")

    def _page(self, path: str, scope: Scope) -> Answer:
        query = scope["query_string"].decode()
        cookies = dict(scope["headers"]).get(b"cookie", b"").decode()
        language = "en" if "lang=en" in query or (not query and "exam_lang=en" in cookies) else "th"
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
            "used": ("launch_refused", {"message": closed, "code": "launch-used", "return_url": page["return_url"]}),
        }
        name, context = shown.get(path.rsplit("/", 1)[-1], ("problem", missing))
        html = self._environment.get_template(f"{name}.html").render(words=words, **context)
        return 200, "text/html; charset=utf-8", html.encode()


def reply(content: object, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(content, ensure_ascii=False).encode()


def problem(status: int, code: str, th: str, en: str, **more: object) -> Answer:
    return (
        status,
        "application/problem+json",
        json.dumps({"code": code, "status": status, "message": {"th": th, "en": en}, **more}).encode(),
    )


def broken() -> Answer:
    """A proxy's page instead of an answer."""
    return 502, "text/html", b"<h1>Bad gateway</h1>"


def journey(stage: str) -> dict[str, Any]:
    """`me` at a stage of the course: start, learning, running, cooling, hidden, passed, issued."""
    exam, past = sample.exam, sample.past
    waiting = {
        "code": "conditions-not-met",
        "message": sample.text("ยังไม่ครบเงื่อนไข", "Conditions are missing."),
        "missing": sample.CERTIFICATE["missing"][1:],
    }
    pre_done = exam(
        "pre",
        attempts_used=1,
        can_start=False,
        refusal={"code": "attempts-exhausted", "message": sample.text("ใช้สิทธิ์ครบแล้ว", "All used.")},
        counted={"percent": 41.67, "passed": None},
        attempts=[past(1, 41.67, None, review_open=False)],
    )
    locked = exam("post", can_start=False, refusal=waiting)
    soon = datetime.fromtimestamp(time.time() + 1234, UTC).isoformat()
    cooling = {"code": "cooling-down", "message": sample.text("รอก่อน", "Wait."), "retry_at": soon}
    failed = {"counted": {"percent": 58.33, "passed": False}, "attempts_used": 1, "attempts": [past(1, 58.33, False)]}
    passed = exam(
        "post",
        attempts_used=2,
        can_start=False,
        refusal={"code": "already-passed", "message": sample.text("ผ่านแล้ว", "Passed.")},
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
