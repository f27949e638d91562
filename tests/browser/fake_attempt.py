"""One running attempt of the fake service: numbered saves, device sessions, a deadline, late saves, messages."""

import base64
import copy
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.browser import sample

Answer = tuple[int, str, bytes]

_KEYS = {"answered_ago_ms", "monotonic", "after_receipt", "contact_ago_ms", "queued"}


class Attempt:
    """One running attempt, as far as the pages can tell."""

    def __init__(self) -> None:
        self.epoch = 0
        self.state = "in_progress"
        self.ends = time.monotonic() + 1800.0
        self.deadline = datetime.now(UTC) + timedelta(seconds=1800)
        self.grace = 30.0
        self.late_policy = "refuse"
        self.saved: dict[tuple[int, int], tuple[str, dict[str, Any]]] = {}
        self.responses: dict[str, Any] = {}
        self.receipts: list[str] = []
        self.log: list[dict[str, Any]] = []
        """Every save that was recorded, once."""
        self.late: list[dict[str, Any]] = []
        """Every save that was refused or held after the end, once."""
        self.news = 0
        self.messages: list[dict[str, Any]] = []

    @property
    def left(self) -> float:
        return self.ends - time.monotonic()

    def give(self, minutes: int) -> None:
        """Staff give more time."""
        self.ends += 60 * minutes
        self.deadline += timedelta(minutes=minutes)
        self.news += 1

    def backup(self) -> dict[str, Any]:
        """What a backup holds, for `restore`."""
        return copy.deepcopy(vars(self))

    def restore(self, kept: dict[str, Any]) -> None:
        """The service comes back as it was then."""
        vars(self).update(copy.deepcopy(kept))

    def tell(self, th: str, en: str) -> None:
        """Staff send a message."""
        sent = datetime.now(UTC).isoformat()
        self.messages.append({"id": f"msg_{len(self.messages)}", "text": {"th": th, "en": en}, "sent_at": sent})
        self.news += 1

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
            "deadline": self.deadline.isoformat(),
            "seconds_left": max(0.0, self.left),
            "time_limit_minutes": 30,
            "saved_seq": max((seq for epoch, seq in self.saved if epoch == self.epoch), default=0),
            "saves": len(self.saved),
            "responses": self.responses,
            "news": self.news,
        }

    def contact(self, epoch: int) -> dict[str, Any]:
        shown = ("attempt", "state", "epoch", "deadline", "seconds_left")
        view = {name: value for name, value in self.view().items() if name in shown}
        mine = {"writes_here": epoch == self.epoch, "saves": len(self.saved)}
        return {**view, **mine, "news": self.news, "messages": self.messages}

    def open(self) -> Answer:
        if self.view()["state"] != "in_progress":
            return self._over()
        self.epoch += 1
        return reply(self.view(), 201)

    def save(self, raw: str) -> Answer:
        body = json.loads(raw)
        assert set(body) <= {"epoch", "seq", "responses", "offline"}
        assert set(body.get("offline", _KEYS)) == _KEYS
        number, responses = (body["epoch"], body["seq"]), json.dumps(body["responses"])
        if body["epoch"] != self.epoch:
            return problem(409, "moved-to-other-device", "เปิดบนอุปกรณ์อื่นแล้ว", "Opened on another device.")
        known = self.saved.get(number)
        if known is not None:
            if known[0] != responses:
                return problem(409, "sequence-reused", "ลำดับซ้ำ", "Used before.")
            return reply({**known[1], "seconds_left": max(0.0, self.left), "news": self.news})
        if self.state == "voided":
            self.late.append(body)
        if self.state in ("submitted", "graded", "voided"):
            return self._over()
        bad = [name for name, value in body["responses"].items() if value == "BAD"]
        if bad:
            faults = [{"code": "x", "message": {}, "path": f"responses.{name}"} for name in bad]
            return problem(422, "invalid-input", "ข้อมูลผิด", "What was sent has faults.", faults=faults)
        late = self.left <= -self.grace
        if late and self.late_policy != "accept":
            self.late.append(body)
            if self.late_policy == "refuse":
                return problem(409, "deadline-passed", "หมดเวลาแล้ว", "Time was up.", data={"kept": True})
        else:
            self.responses |= body["responses"]
            self.log.append(body)
        answer = self._receipt(body["seq"])
        if late:
            answer["late" if self.late_policy == "accept" else "held"] = True
        self.saved[number] = (responses, answer)
        return reply({**answer, "news": self.news}, 202 if answer.get("held") else 200)

    def _over(self) -> Answer:
        code = "attempt-voided" if self.state == "voided" else "attempt-ended"
        return problem(409, code, "การสอบครั้งนี้สิ้นสุดแล้ว", "This attempt has ended.")

    def _receipt(self, seq: int) -> dict[str, Any]:
        received = datetime.now(UTC).isoformat()
        payload = {
            "attempt": sample.ATTEMPT,
            "session": self.epoch,
            "seq": seq,
            "received_at": received,
            "digest": "x",
            "seconds_left": self.left,
        }
        receipt = ".".join(
            base64.urlsafe_b64encode(part).rstrip(b"=").decode()
            for part in (b"{}", json.dumps(payload).encode(), b"signature")
        )
        self.receipts.append(receipt)
        return {
            "seq": seq,
            "received_at": received,
            "seconds_left": max(0.0, self.left),
            "deadline": self.deadline.isoformat(),
            "in_grace": self.left < 0,
            "receipt": receipt,
        }

    def submit(self, epoch: int) -> Answer:
        if self.view()["state"] == "in_progress" and epoch != self.epoch:
            return problem(409, "moved-to-other-device", "เปิดบนอุปกรณ์อื่นแล้ว", "Opened on another device.")
        if self.state == "in_progress":
            self.state = "graded"
        return reply(self.view())


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
