"""Readers that share no code with us nor with each other: the Digital Credentials Consortium's, LearnCard's, `jose`."""

import copy
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exam_service.core.certificates import did, jws, status
from exam_service.core.certificates.keys import KeyState
from tests.contract.test_credentials import changes_of
from tests.support.issuing import BASE, DID, SLUG, Issuer, issuance
from tests.support.optional import optional

VERIFIERS = Path(__file__).parent.parent / "verifiers"
ISSUER = Issuer()
LIST_URL = status.url(BASE, SLUG, 1)
DOCUMENT_URL = f"{BASE}/orgs/{SLUG}/did.json"
GOOD = {"valid": True, "revoked": False, "expired": False, "error": None}


def run(*command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None or not (VERIFIERS / "node_modules").is_dir():
        optional("there is no `node`, or no tests/verifiers/node_modules: run `npm ci --prefix tests/verifiers`")
    return subprocess.run(
        [node, *command], cwd=VERIFIERS, input=given, capture_output=True, text=True, timeout=240, check=False
    )


def ask(program: str, asked: dict[str, Any]) -> Any:
    done = run(program, given=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def now() -> datetime:
    # They ask the real clock.
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def document(now: datetime) -> dict[str, Any]:
    facts = issuance(issued_at=now - timedelta(minutes=1), valid_until=now + timedelta(days=365))
    found: dict[str, Any] = json.loads(ISSUER.credential(facts))
    return found


def web(now: datetime, withdrawn: list[int], issuer: Issuer = ISSUER) -> dict[str, Any]:
    """What is published."""
    return {
        DOCUMENT_URL: did.did_document(DID, [issuer.key]),
        LIST_URL: json.loads(ISSUER.status_list(withdrawn, now)),
    }


def consortium(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = ask("dcc.mjs", {"cases": cases})["answers"]
    return answers


def test_the_consortium_accepts_it_and_sees_what_was_withdrawn_and_what_has_expired(
    document: dict[str, Any], now: datetime
) -> None:
    past = issuance(issued_at=now - timedelta(days=9), valid_until=now - timedelta(days=1))
    expired = json.loads(ISSUER.credential(past))
    retired = msgspec.structs.replace(ISSUER.key, state=KeyState.retired, retired_at=now)
    rotated = web(now, []) | {DOCUMENT_URL: did.did_document(DID, [Issuer("next key").key, retired])}
    cases = [(document, web(now, [])), (document, web(now, [4711])), (expired, web(now, [])), (document, rotated)]
    found = ask("dcc.mjs", {"cases": [{"credential": one, "web": there} for one, there in cases]})
    assert found["answers"] == [GOOD, GOOD | {"revoked": True}, GOOD | {"expired": True}, GOOD]
    # 1EdTech's schema, which it would look into as well, is not at hand here.
    assert {address for address in found["asked"] if "/schema/" not in address} == {DOCUMENT_URL, LIST_URL}


def test_the_consortium_refuses_a_change_anywhere_and_another_key(document: dict[str, Any], now: datetime) -> None:
    changed = list(changes_of(document))
    assert len(changed) > 30
    cases = [{"credential": one, "web": web(now, [])} for _, one in changed]
    cases.append({"credential": document, "web": web(now, [], Issuer("somebody else"))})
    answers = consortium(cases)
    paths = [path for path, _ in changed] + ["another key"]
    assert [path for path, answer in zip(paths, answers, strict=True) if answer["valid"] is True] == []


@pytest.mark.parametrize("typ", ["vc+jwt", "JWT"])
def test_jose_verifies_the_list_as_a_jwt_by_the_published_keys_and_refuses_every_change(
    now: datetime, typ: str
) -> None:
    kid = did.method_id(DID, ISSUER.key.kid)
    payload = status.jwt_payload(json.loads(ISSUER.status_list([4711], now)))
    signed = jws.signing_input(typ, kid, payload)
    token = jws.compact(signed, ISSUER.sign(signed))
    # A JWT names its key by the DID URL, the JWK Set by its short name.
    keys, others_keys = ({"keys": [{**did.jwks([one.key])["keys"][0], "kid": kid}]} for one in (ISSUER, Issuer("x")))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # The last letter of each part has bits that say nothing.
    places = [at for at in range(0, len(token) - 1, 5) if token[at] != "." and token[at + 1] != "."]
    changed = [token[:at] + letters[letters.index(token[at]) ^ 16] + token[at + 1 :] for at in places]
    good, *others = ask("jose.mjs", {"jwks": keys, "tokens": [token, *changed]})
    assert (good["kid"], good["typ"], good["payload"].encode()) == (kid, typ, payload)
    assert len(others) > 100
    assert set(map(json.dumps, others)) == {"null"}
    assert ask("jose.mjs", {"jwks": others_keys, "tokens": [token]}) == [None]


def without(document: dict[str, Any], *path: Any) -> dict[str, Any]:
    found = copy.deepcopy(document)
    holder: Any = found
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return found


def test_learncard_finds_the_form_of_an_open_badge_and_misses_what_is_taken_out(
    document: dict[str, Any], now: datetime
) -> None:
    attestation = issuance(kind="attestation", valid_until=None, objective="", hours=0, issued_at=now)
    subject, achievement = ("credentialSubject",), ("credentialSubject", "achievement")
    needed = [
        *(("@context",), ("type",), subject, ("issuer",), ("proof",)),
        *((*subject, "type"), (*subject, "identifier", 0, "identityHash")),
        *((*achievement, member) for member in ("type", "name", "description", "criteria")),
        *(("credentialStatus", f"status{member}") for member in ("Purpose", "ListIndex", "ListCredential")),
    ]
    shortened = [without(document, *path) for path in needed]
    good = [document, json.loads(ISSUER.credential(attestation))]
    found = ask("shape.mjs", {"credentials": [*good, *shortened]})
    assert found[:2] == [[], []]
    assert [path for path, faults in zip(needed, found[2:], strict=True) if not faults] == []


def test_a_certificate_can_be_held_against_a_json_schema(document: dict[str, Any], tmp_path: Path) -> None:
    """1EdTech's own is not at hand in tests; this one is written as theirs is."""
    schema, good, bad = (tmp_path / name for name in ("schema.json", "good.json", "bad.json"))
    asked = {
        "$schema": "https://json-schema.org/draft/2019-09/schema#",
        "properties": {
            "issuer": {"$ref": "#/$defs/Profile"},
            "proof": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]},
            "validFrom": {"type": "string", "format": "date-time", "$comment": "DateTimeZ"},
        },
        "required": ["credentialSubject", "validFrom"],
        "$defs": {"Profile": {"type": "object", "required": ["id", "type"], "additionalProperties": True}},
    }
    schema.write_text(json.dumps(asked))
    good.write_text(json.dumps(document))
    bad.write_text(json.dumps({**document, "validFrom": "22/11/2569", "issuer": {"type": "Profile"}}))
    one, both = (run("schema.mjs", str(schema), *map(str, files)) for files in ([good], [good, bad]))
    assert (one.returncode, one.stdout) == (0, f"{good}: valid\n")
    assert both.returncode == 1
    assert both.stdout.splitlines()[2:] == [
        "  /issuer must have required property 'id'",
        '  /validFrom must match format "date-time"',
    ]
    assert run("schema.mjs").returncode == 2
