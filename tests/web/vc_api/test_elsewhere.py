"""Digital Bazaar's libraries (npm) verify what is issued here, and what they issue is verified here."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exam_service.adapters.crypto.contexts import load
from exam_service.core.certificates.did import DID_CONTEXT
from tests.support.optional import optional
from tests.support.stranger import EXAMPLES, V2, credential
from tests.web.vc_api.conftest import Api, unverified, verified

VERIFIERS = Path(__file__).resolve().parents[2] / "verifiers"
SAMPLES: list[dict[str, Any]] = [
    credential(id="urn:uuid:1"),
    credential(
        **{"@context": [V2, EXAMPLES]},
        type=["VerifiableCredential", "ExampleDegreeCredential"],
        credentialSubject={
            "id": "did:example:s",
            "degree": {"type": "ExampleDegree", "level": 3, "of": ["ก", "ข", 1.5]},
        },
    ),
    credential(
        **{"@context": [V2, {"X": "https://example.org/#X", "height": "https://example.org/#height"}]},
        type=["VerifiableCredential", "X"],
        name=[{"@value": "Dog", "@language": "en-GB", "@direction": "ltr"}, {"@value": "Chien", "@language": "fr"}],
        credentialSubject=[{"height": 5}, {"height": 5}, {"id": "did:example:b", "height": 'ป้ำ ฝั่ง ญู \t \\ " <b>'}],
        evidence=[{"type": "X"}, {"type": "X"}],
        validFrom="2023-02-26T00:37:06.5-12:00",
    ),
]


@pytest.fixture(scope="module")
def node() -> str:
    program = shutil.which("node")
    if program is None:
        optional("there is no `node`")
    if not (VERIFIERS / "node_modules").is_dir():
        optional("tests/verifiers/node_modules is not there: run `npm ci --prefix tests/verifiers`")
    return program


def run(node: str, script: str, given: dict[str, Any]) -> Any:
    contexts = load(VERIFIERS.parents[1] / "certs" / "contexts")
    done = subprocess.run(
        [node, script],
        cwd=VERIFIERS,
        input=json.dumps({"contexts": contexts, **given}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def case(document: dict[str, Any], status_list: dict[str, Any]) -> dict[str, Any]:
    """As a verifier has it: the document of a did:key follows from its name, and the list is fetched."""
    name = document["issuer"].removeprefix("did:key:")
    method = f"{document['issuer']}#{name}"
    multikey = {"id": method, "type": "Multikey", "controller": document["issuer"], "publicKeyMultibase": name}
    resolved = {"id": document["issuer"], "verificationMethod": [multikey], "assertionMethod": [method]}
    return {
        "credential": document,
        "didDocuments": {document["issuer"]: {"@context": DID_CONTEXT, **resolved}},
        "statusLists": {status_list["id"]: status_list},
    }


async def test_what_is_issued_here_is_verified_there(api: Api, node: str) -> None:
    # The library looks at a real clock for the list.
    api.world.clock.at = datetime.now(UTC)
    made = [await api.issued(one) for one in SAMPLES]
    status_list = (await api.http.get(made[0]["credentialStatus"]["statusListCredential"])).json()
    forged = [{**one, "credentialSubject": {"id": "did:example:thief"}} for one in made]
    answers = run(node, "verify.mjs", {"cases": [case(one, status_list) for one in [*made, *forged]]})
    clear = [{"purpose": "revocation", "set": False}]
    assert [(one["verified"], one["error"], one["status"]) for one in answers[: len(made)]] == [
        (True, None, clear)
    ] * len(made)
    assert [one["verified"] for one in answers[len(made) :]] == [False] * len(made)


async def test_what_is_issued_there_is_verified_here(api: Api, node: str) -> None:
    asked = {"challenge": "u1234", "domain": "exam.example.ac.th"}
    unsigned = [{k: v for k, v in one.items() if k != "issuer"} for one in SAMPLES]
    given = run(node, "issue.mjs", {"seed": "07" * 32, "credentials": unsigned, **asked})
    for one in given["issued"]:
        verified(await api.verify(one))
        assert unverified(await api.verify({**one, "validUntil": "2027-01-01T00:00:00Z"})) == ["signature-wrong"]
    verified(await api.present(given["presented"], **asked))
    verified(await api.present(given["presented"], checks=[]))
    swapped = {**given["presented"], "verifiableCredential": given["presented"]["verifiableCredential"][:1]}
    assert unverified(await api.present(swapped, **asked)) == ["signature-wrong"]
