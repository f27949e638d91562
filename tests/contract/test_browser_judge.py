"""The verify page's own check in the browser comes to the same verdict as the service's, step by step."""

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from exam_service.adapters.crypto import ed25519
from exam_service.core.certificates import cbor, qr_token, trust
from exam_service.core.certificates.digits import to_digits
from exam_service.core.certificates.faces import together
from exam_service.core.certificates.keys import KeyRecord, KeyState
from exam_service.core.certificates.model import new_id
from exam_service.core.certificates.verdict import Verdict
from exam_service.core.certificates.verify import verify_credential
from exam_service.core.text import Text
from tests.support.issuing import BASE, DI, DID, NOW, Issuer, issuance, verdict_on
from tests.support.optional import optional

ISSUER, OTHER = Issuer(), Issuer("somebody else")
GOLDEN = Path(__file__).resolve().parent.parent / "golden"
LOG_KEY = Issuer("the log", purpose="log")


class Case(NamedTuple):
    given: str | bytes | tuple[bytes, str]
    trust: trust.Trust
    now: datetime = NOW
    proof: str | None = None


Judge = Callable[[list[Case]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def in_browser(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """The modules of the page, run by Node: the same language and the same WebCrypto."""
    node = shutil.which("node")
    if node is None:
        optional("there is no `node`")
    modules = tmp_path_factory.mktemp("judge") / "verify"
    shutil.copytree(repository / "exam_service/web/static/js/verify", modules)
    (modules.parent / "package.json").write_text('{"type": "module"}')

    def judge(cases: list[Case]) -> list[dict[str, Any]]:
        trusts: dict[str, str] = {}
        asked = []
        for given, trusted, now, proof in cases:
            text = trust.to_file(trusted).decode()
            trusts[name := str(hash(text))] = text
            face = "qr" if isinstance(given, str) else "both" if isinstance(given, tuple) else "credential"
            plain = (
                [given[0].decode(), given[1]]
                if isinstance(given, tuple)
                else given.decode("utf-8", "replace") if isinstance(given, bytes) else given
            )  # fmt: skip
            asked.append({"face": face, "given": plain, "trust": name, "now": now.isoformat(), "proof": proof})
        done = subprocess.run(
            [node, str(repository / "tests/verifiers/judge.mjs"), str(modules)],
            input=json.dumps({"trusts": trusts, "cases": asked}),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        assert len(answers) == len(cases)
        return answers

    return judge


def here(case: Case) -> Verdict:
    proof = None if case.proof is None else case.proof.encode()

    def on(face: bytes | str) -> Verdict:
        if isinstance(face, str):
            return verdict_on(face, case.trust, case.now)
        return verify_credential(face, case.trust, case.now, ed25519.verify, DI.hash_data, log_proof=proof)

    return together([on(face) for face in case.given]) if isinstance(case.given, tuple) else on(case.given)


def assert_same(cases: list[Case], answers: list[dict[str, Any]]) -> None:
    for case, theirs in zip(cases, answers, strict=True):
        ours = here(case)
        steps = [(step.number, step.name, step.passed, step.code) for step in ours.steps]
        found = [(step["number"], step["name"], step["passed"], step["code"]) for step in theirs["steps"]]
        assert found == steps, case
        assert (theirs["outcome"], theirs["status"]) == (ours.outcome, ours.status), case
        assert instant(theirs["as_of"]) == ours.as_of
        assert (theirs["facts"] is None) == (ours.facts is None)
        if ours.facts is not None:
            shown = msgspec.to_builtins(ours.facts)
            for name, value in theirs["facts"].items():
                assert (instant(value) == getattr(ours.facts, name)) if name in DATES else (value == shown[name]), name


DATES = ("issued_at", "valid_until")


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def faces(**changes: Any) -> list[bytes | str]:
    facts = issuance(**changes)
    return [ISSUER.credential(facts), ISSUER.qr(facts)]


FRESH = ISSUER.status_list([4710, 4712], NOW - timedelta(hours=1))
TRUST = ISSUER.trust(FRESH)


def test_golden_certificates(in_browser: Judge) -> None:
    cases = []
    for path in GOLDEN.glob("**/*.json"):
        if path.name == "trust.json":
            continue
        trusted = trust.from_file((path.parent / "trust.json").read_bytes())
        qr = path.with_suffix("").with_suffix(".qr.txt")
        for now in (datetime(2027, 1, 1, 4, tzinfo=UTC), datetime(2126, 11, 22, tzinfo=UTC)):
            cases.append(Case(path.read_bytes(), trusted, now))
            if qr.is_file():
                cases += [Case(qr.read_text(), trusted, now), Case((path.read_bytes(), qr.read_text()), trusted, now)]
    answers = in_browser(cases)
    assert_same(cases, answers)
    assert [one["outcome"] for one in answers].count("genuine") >= 36
    assert {one["status"] for one in answers} >= {"stands", "revoked", "expired", "unknown"}


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient_name": 'ป้ำ ฝั่ง ญู ฐุ่ กฎ์ เปี๊ยก "quoted" \\ back'},
        {"recipient_name": "漢字 🎓 Ωmega é", "hours": 7.35, "objective": "𝒜 beyond the basic plane \ufb01"},
        {"course_title": Text(en="Only English"), "hours": 0.1, "valid_until": None},
        {"course_title": Text(th="ก" * 300, en="x" * 300), "hours": 0, "kind": "attestation"},
        {"supersedes": new_id(bytes(10)), "status_index": 2**20 - 1, "objective": None},
        {"issued_at": datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)},
    ],
)
def test_whatever_is_issued(in_browser: Judge, changes: dict[str, Any]) -> None:
    cases = [Case(face, TRUST) for face in faces(**changes)]
    assert_same(cases, in_browser(cases))


def test_every_state_of_the_key_the_list_and_the_clock(in_browser: Judge) -> None:
    key, hour = ISSUER.key, timedelta(hours=1)
    keys = [
        key,
        OTHER.key,
        LOG_KEY.key,
        msgspec.structs.replace(key, purpose="log"),
        msgspec.structs.replace(key, created_at=NOW + hour),
        msgspec.structs.replace(key, state=KeyState.retired, retired_at=NOW - hour),
        msgspec.structs.replace(key, state=KeyState.retired, retired_at=NOW + hour),
        msgspec.structs.replace(key, state=KeyState.compromised, compromised_at=NOW - hour),
        msgspec.structs.replace(key, state=KeyState.compromised, compromised_at=NOW + hour),
    ]
    stale = ISSUER.status_list([], NOW - timedelta(hours=30))
    lists = [
        [],
        [FRESH],
        [ISSUER.status_list([4711], NOW - timedelta(hours=30))],
        [stale],
        [stale, FRESH],
        [FRESH, ISSUER.status_list([4711], NOW - hour / 2)],
        [ISSUER.status_list([4711], NOW + timedelta(days=1))],
        [ISSUER.status_list([4711], NOW, number=2)],
        [OTHER.status_list([4711], NOW - hour)],
        [FRESH.replace(FRESH[-40:-36], "zzzz")],
        ["{}"],
        ["not JSON"],
    ]
    moments = [NOW, NOW - timedelta(days=1), NOW + timedelta(days=2000), NOW + timedelta(hours=23)]
    cases = [Case(face, ISSUER.trust(FRESH, key=one)) for one in keys for face in faces()]
    cases += [Case(face, ISSUER.trust(*some)) for some in lists for face in faces()]
    cases += [Case(face, TRUST, now) for now in moments for face in faces()]
    cases += [Case(face, trust.Trust(made_at=NOW)) for face in faces()]
    moved = trust.Trust(
        made_at=NOW, issuers=[trust.TrustedIssuer(did=DID + "x", name=TRUST.issuers[0].name, keys=[key])]
    )
    cases += [Case(face, moved) for face in faces()]
    answers = in_browser(cases)
    assert_same(cases, answers)
    assert {one["outcome"] for one in answers} == {"genuine", "not_genuine", "unknown"}


def test_faces_that_do_not_belong_together(in_browser: Judge) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"recipient_name": "อีกคน"},
        {"status_index": 5},
        {"id": new_id(bytes(10))},
        {"valid_until": None},
    ]
    document = ISSUER.credential(issuance())
    cases = [Case((document, ISSUER.qr(issuance(**change))), TRUST) for change in changes]
    cases += [
        Case((document, text), TRUST)
        for text in ("https://example.org/", OTHER.qr(issuance()), f"{BASE}/v/{issuance().id}")
    ]
    assert_same(cases, in_browser(cases))


def test_every_changed_byte(in_browser: Judge) -> None:
    document, qr = ISSUER.credential(issuance()), ISSUER.qr(issuance())
    altered: list[bytes | str] = []
    for at in range(0, len(document), 3):
        changed = bytearray(document)
        changed[at] ^= 1 << at % 7
        altered.append(bytes(changed))
    altered += [qr[:at] + str((int(qr[at]) + 1) % 10) + qr[at + 1 :] for at in range(qr.index("#") + 1, len(qr))]
    altered += [qr[:-cut] for cut in range(1, 60)]
    cases = [Case(one, TRUST) for one in altered if isinstance(one, str) or readable(one)]
    answers = in_browser(cases)
    assert_same(cases, answers)
    assert {one["outcome"] for one in answers} <= {"not_genuine", "unknown"}


def readable(document: bytes) -> bool:
    """Whether it is UTF-8 at all: a browser reads a file as text, with a sign in the place of what is not."""
    try:
        document.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_proofs_of_the_issuance_log(in_browser: Judge) -> None:
    """What was there before its key was stolen stands, by a proof that is one of this certificate."""
    (path,) = GOLDEN.glob("logged/*/typical.json")
    document, proof = path.read_bytes(), path.with_suffix(".tlog-proof").read_text()
    trusted = trust.from_file((path.parent / "trust.json").read_bytes())
    now = datetime(2027, 1, 1, 4, tzinfo=UTC)
    (issuer,) = trusted.issuers
    (of_log,) = [key for key in issuer.keys if key.purpose == "log"]

    def trusting(changed: KeyRecord | None) -> trust.Trust:
        some = [key for key in issuer.keys if key is not of_log] + ([changed] if changed else [])
        return msgspec.structs.replace(trusted, issuers=[msgspec.structs.replace(issuer, keys=some)])

    early = datetime(2020, 1, 1, tzinfo=UTC)
    trusts = [
        trusted,
        trusting(None),
        trusting(LOG_KEY.key),
        trusting(msgspec.structs.replace(of_log, state=KeyState.compromised, compromised_at=early)),
        trusting(msgspec.structs.replace(of_log, state=KeyState.retired, retired_at=early)),
        trusting(msgspec.structs.replace(of_log, purpose="status")),
    ]
    cases = [Case(document, one, now, text) for one in trusts for text in (proof, None)]
    places = [at for at in range(0, len(proof), 2) if proof[at].isascii()]
    cases += [Case(document, trusted, now, proof[:at] + chr(ord(proof[at]) ^ 1) + proof[at + 1 :]) for at in places]
    odd = ["", "x", proof[:-1], f"{proof}\n", proof.replace("\n", "\r\n"), proof.replace("index ", "index +")]
    odd += [proof.replace("index ", "index 0"), proof + "x" * 20_000, proof.replace("\n\n", "\n\n\n", 1)]
    cases += [Case(document, trusted, now, text) for text in odd]
    cases.append(Case(ISSUER.credential(issuance()), TRUST, NOW, proof))
    for qr in (ISSUER.qr(issuance()), OTHER.qr(issuance())):
        cases.append(Case((document, qr), trusted, now, proof))
    answers = in_browser(cases)
    assert_same(cases, answers)
    assert [(one["outcome"], one["steps"][2]["code"]) for one in answers[:2]] == [
        ("genuine", "key-logged"),
        ("unknown", "key-compromised-since"),
    ]


def test_tokens_of_another_form(in_browser: Judge) -> None:
    facts = issuance()
    claims = qr_token.payload(facts)
    kid = bytes.fromhex(ISSUER.key.kid)
    decoded = cbor.decode(claims)

    def signed(header: dict[Any, Any], inner: bytes, *, number: int = 18, more: tuple[Any, ...] = ()) -> str:
        guarded = cbor.encode(header)
        signature = ISSUER.sign(cbor.encode(["Signature1", guarded, b"", inner]))
        raw = cbor.encode(cbor.Tag(number, [guarded, {}, inner, signature, *more]))
        return f"{BASE}/v/{facts.id}#1{to_digits(raw)}"

    good = {1: -8, 4: kid}
    tokens = [
        signed(good, claims),
        signed({1: -7, 4: kid}, claims),
        signed({4: kid}, claims),
        signed({1: -8, 4: kid[:7]}, claims),
        signed({**good, 5: b""}, claims),
        signed(good, claims, number=17),
        signed(good, claims, more=(b"",)),
        signed(good, claims + b"\x00"),
        signed(good, cbor.encode({**decoded, 9: 1})),
        signed(good, cbor.encode({**decoded, 6: 2**63})),
        signed(good, cbor.encode({**decoded, 6: -(2**40)})),
        signed(good, cbor.encode({**decoded, 6: True})),
        signed(good, cbor.encode({**decoded, 7: bytes(9)})),
        signed(good, cbor.encode({**decoded, -70000: [2, *decoded[-70000][1:]]})),
        signed(good, cbor.encode({**decoded, -70000: [1, "plain", b"\xa1\x81", b"x", 1, 4711]})),
        signed(good, cbor.encode({**decoded, -70000: [1, "plain", b"\xa1\xdb", b"x", 1, 4711]})),
        signed(good, cbor.encode({**decoded, -70000: [1, "\ufeffplain", b"\xa1", "x", 1, 2**20]})),
        signed(good, cbor.encode({**decoded, -70000: [1, "a", "b", "c", -1, 1]})),
        signed(good, cbor.encode({**decoded, -70000: [1, "a", "b", "c", True, 1]})),
    ]
    digits = tokens[0].partition("#")[2]
    tokens += ["", "#", "1", "#1", "#2123", "#1" + "9" * 17, "12345678901234567", "x" * 5000]
    tokens += [f"{BASE}/v/{facts.id}", f"{BASE}/v/{facts.id}#", f"{BASE}/v/{'A' * 16}#{digits}"]
    tokens += [digits, f"  {tokens[0]}\n", f"{tokens[0]}?x"]
    cases = [Case(one, TRUST) for one in tokens]
    answers = in_browser(cases)
    assert_same(cases, answers)
    assert [one["outcome"] for one in answers].count("genuine") == 4
