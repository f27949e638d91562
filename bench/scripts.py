"""What candidates do, as requests."""

import random
from collections.abc import Iterator

import msgspec

from bench.client import Answer, Ask, Script, asked, drive, get, good, post, post_head
from bench.site import EXAM, ITEMS, Site


class _View(msgspec.Struct):
    attempt: str
    epoch: int


_decoder = msgspec.json.Decoder(_View)


def start_request(token: str) -> bytes:
    return post(f"/v1/candidate/exams/{EXAM}/attempts", token=token)


def started(answer: Answer) -> _View:
    """The attempt that was started. Raises Refused."""
    return _decoder.decode(good(answer).body)


def save_body(epoch: int, seq: int) -> bytes:
    """Two responses, other ones each time."""
    first, second = 1 + seq % ITEMS, 1 + (seq * 7 + 3) % ITEMS
    return b'{"epoch":%d,"seq":%d,"responses":{"i%d":"c%d","i%d":"c%d"}}' % (
        epoch, seq, first, 1 + seq % 4, second, 1 + seq // 4 % 4,
    )  # fmt: skip


def save_head(attempt: str, token: str) -> bytes:
    """The part of a save's request that is the same each time; `save_request` completes it."""
    return post_head(f"/v1/candidate/attempts/{attempt}/responses", token)


def save_request(head: bytes, epoch: int, seq: int) -> bytes:
    body = save_body(epoch, seq)
    return b"%b%d\r\n\r\n%b" % (head, len(body), body)


def saves(head: bytes, seqs: Iterator[int]) -> Script:
    """Save after save, each at once after the one before."""
    for seq in seqs:
        good((yield Ask(save_request(head, 1, seq))))


def start(token: str) -> Script:
    """Start an attempt, and nothing else."""
    yield from asked(start_request(token))


def exam(token: str, count: int = 20, *, hand_in: bool = True) -> Script:
    """A whole exam: start, paper, saves, submit, result."""
    view = started((yield from asked(start_request(token))))
    own = f"/v1/candidate/attempts/{view.attempt}"
    yield from asked(get(f"{own}/paper", token))
    head = save_head(view.attempt, token)
    for seq in range(1, count + 1):
        good((yield Ask(save_request(head, view.epoch, seq))))
    if hand_in:
        yield from asked(post(f"{own}/submit", b'{"epoch":%d}' % view.epoch, token))
        yield from asked(get(f"{own}/result", token))


def shuffled(count: int) -> list[int]:
    """0..count-1 in an order that is the same in every run."""
    order = list(range(count))
    random.Random(count).shuffle(order)
    return order


def begin(port: int, site: Site, count: int) -> list[tuple[str, str]]:
    """(attempt, session token) of so many attempts that were just started, through the API."""
    return begin_of(port, [site.token(enrolment) for enrolment in site.enrol(count)])


def begin_of(port: int, tokens: list[str]) -> list[tuple[str, str]]:
    """(attempt, session token) of an attempt of each."""
    found: list[tuple[str, str]] = []

    def one(token: str) -> Script:
        view = started((yield from asked(start_request(token))))
        found.append((view.attempt, token))

    drive(port, [one(token) for token in tokens], connections=8)
    return found
