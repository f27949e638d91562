"""A service that is asked only over HTTP: an organisation, a course whose questions tell their answers, candidates."""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

from exam_service.cli.main import cli
from tests.support.running import environment

COURSE = "course"
EXAM = "post"
ITEMS = 10
TIMEOUT = httpx.Timeout(20)


def client() -> httpx.AsyncClient:
    # The service closes what was idle for five seconds; a connection that it is just closing must not be used.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=2)
    return httpx.AsyncClient(timeout=TIMEOUT, limits=limits)


@dataclass
class Site:
    """One organisation behind an address; `url` may change when the service moves."""

    url: Callable[[], str]
    key: str
    """A staff API key with every scope."""
    http: httpx.AsyncClient = field(default_factory=client)

    async def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """What staff is answered, who come again when asked to. Raises AssertionError for any other refusal."""
        headers = {"Authorization": f"Bearer {self.key}", **given.pop("headers", {})}
        patience = 20
        while (
            answer := await self.http.request(method, f"{self.url()}{path}", headers=headers, **given)
        ).status_code == 503 and patience:
            patience -= 1
            # Sooner than asked: these few are no crowd.
            await asyncio.sleep(min(1.0, float(answer.headers["retry-after"])))
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def get(self, path: str) -> Any:
        return (await self.ask("GET", path)).json()

    async def all(self, path: str) -> list[dict[str, Any]]:
        """Every item of every page of a list."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = await self.get(f"{path}{'&' if '?' in path else '?'}limit=100{after}")
            found += page["items"]
            if page.get("next") is None:
                return found
            after = f"&after={page['next']}"

    async def publish(self, **exam: Any) -> None:
        """Write the course anew, with these changes to its exam, and publish it."""
        await self.ask("PUT", f"/v1/courses/{COURSE}", json=course(**exam))
        await self.ask("POST", f"/v1/courses/{COURSE}/publish", json={})

    async def enrol(self, external_id: str, **more: Any) -> str:
        """The enrolment of a candidate."""
        person = {"external_id": external_id, "name": {"given": "ชื่อ", "family": external_id}}
        answer = await self.ask("POST", "/v1/enrolments", json={"course": COURSE, "candidate": person, **more})
        enrolment: str = answer.json()["id"]
        return enrolment

    async def launch(self, enrolment: str) -> str:
        token: str = (await self.ask("POST", f"/v1/enrolments/{enrolment}/launches", json={})).json()["token"]
        return token

    async def session(self, enrolment: str) -> str:
        """A session token of the candidate."""
        redeemed = await self.ask("POST", "/v1/launches/redeem", json={"token": await self.launch(enrolment)})
        token: str = redeemed.json()["token"]
        return token

    async def jwks(self) -> Any:
        return await self.get("/.well-known/jwks.json")

    async def close(self) -> None:
        await self.http.aclose()


async def make_site(
    url: Callable[[], str], database_url: str, folder: Path, http: httpx.AsyncClient | None = None, **exam: Any
) -> Site:
    """An organisation of its own, with its course published."""
    slug = f"org-{secrets.token_hex(4)}"
    given = environment(database_url, folder, EXAM_PUBLIC_URL=url())
    made = await asyncio.to_thread(
        lambda: CliRunner().invoke(cli, ["orgs", "create", slug, "--en", "School", "--th", "โรงเรียน"], env=given)
    )
    assert made.exit_code == 0, made.output
    site = Site(url, made.stdout.strip(), http or client())
    await site.ask("PUT", "/v1/banks/telling", content=json.dumps(bank()), headers={"Content-Type": "application/json"})
    await site.publish(**exam)
    return site


def course(**exam: Any) -> dict[str, Any]:
    """A course with one exam of ten items, which may be taken as often as one likes; nothing in it changes a score."""
    return {
        "code": COURSE,
        "title": {"en": "Course", "th": "หลักสูตร"},
        "exams": [
            {
                "code": EXAM,
                "kind": "post_test",
                "title": {"en": "Exam", "th": "สอบ"},
                "sections": [
                    {"code": "all", "title": {"en": "All"}, "strata": [{"bank": "telling", "count": ITEMS}]},
                ],
                "time_limit_minutes": 60,
                "attempts": {"block_after_pass": False},
                **exam,
            }
        ],
    }


def bank() -> dict[str, Any]:
    """Questions whose stem or choices say what is right, so that a test knows every key from the paper alone."""
    return {
        "format": "exam-service/bank@1",
        "code": "telling",
        "title": {"en": "Telling"},
        "objectives": [{"code": "all", "title": {"en": "All"}}],
        "questions": [_question(n) for n in range(30)],
    }


def _question(n: int) -> dict[str, Any]:
    base = {"id": f"q{n}", "objective": "all", "difficulty": "medium", "tags": [("choice", "truth", "number")[n % 3]]}
    if n % 3 == 0:
        options = [{"id": f"o{k}", "text": {"en": "right" if k == n % 4 else f"wrong {k}"}} for k in range(4)]
        return {**base, "type": "single_choice", "stem": {"en": f"{n}"}, "options": options, "key": f"o{n % 4}"}
    if n % 3 == 1:
        return {**base, "type": "true_false", "stem": {"en": f"{str(n % 2 == 0).lower()} {n}"}, "key": n % 2 == 0}
    return {**base, "type": "numeric", "stem": {"en": f"number {n}"}, "key": n}


def responses_to(item: dict[str, Any]) -> tuple[Any, Any]:
    """(the right response to an item of a paper, a wrong one)."""
    stem = item["stem"]["en"].split()
    if item["type"] == "single_choice":
        right = next(choice["id"] for choice in item["choices"] if choice["text"]["en"] == "right")
        return right, next(choice["id"] for choice in item["choices"] if choice["id"] != right)
    if item["type"] == "true_false":
        return stem[0] == "true", stem[0] != "true"
    return stem[1], str(int(stem[1]) + 1)
